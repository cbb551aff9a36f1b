import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Answering } from '../../test/support/answering.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const create = () => new Answering([]);

describe('finish', () => {
  it('is at once when nothing runs, and leaves no timer', async () => {
    const { dispatcher, logger } = create();
    await dispatcher.finish(10_000);
    expect(dispatcher.draining.aborted).toBe(true);
    expect(dispatcher.stopping.aborted).toBe(true);
    expect(logger.lines).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for what runs, whose signals do not abort meanwhile', async () => {
    const { dispatcher, logger } = create();
    dispatcher.workload.enter();
    const finished = dispatcher.finish(10_000);
    await vi.advanceTimersByTimeAsync(9999);
    expect(dispatcher.stopping.aborted).toBe(false);
    dispatcher.workload.leave();
    await finished;
    expect(dispatcher.stopping.aborted).toBe(true);
    expect(logger.lines).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends what is late, and says how many', async () => {
    const { dispatcher, logger } = create();
    dispatcher.workload.enter();
    dispatcher.workload.enter();
    const finished = dispatcher.finish(100);
    await vi.advanceTimersByTimeAsync(100);
    await finished;
    expect(dispatcher.stopping.signal.reason).toMatchObject({ code: 499 });
    expect(logger.warnings).toEqual([expect.stringContaining('2 handlers did not finish within 100 ms')]);
  });

  it('may be asked for twice', async () => {
    const { dispatcher } = create();
    await Promise.all([dispatcher.finish(0), dispatcher.finish(0)]);
    await dispatcher.finish(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
