import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { outgoing } from '../../test/support/outgoing.ts';
import type { CallRetry } from '../context/index.ts';
import { Abortable } from '../dispatch/abortable.ts';
import { RpcException } from '../errors/index.ts';
import type { PreparedCall } from './prepare-call.ts';
import { withRetry as withRetryUntil } from './retry.ts';

const prepared = (overrides: Partial<PreparedCall> = {}): PreparedCall => ({
  ...outgoing(),
  schema: undefined,
  idempotent: false,
  ...overrides,
});

/** Fails with these codes, one after the other, then gives "ok". */
function failing(...codes: number[]) {
  let tries = 0;
  return vi.fn<() => Promise<string>>(async () => {
    const code = codes[tries];
    tries += 1;
    if (code !== undefined) throw new RpcException(`try ${tries}`, { code: code as never });
    return 'ok';
  });
}

const attempts = 3;

/** As long as the client is open. */
const withRetry = (call: PreparedCall, retry: CallRetry, isEvent: boolean, attempt: () => Promise<string>) =>
  withRetryUntil(call, retry, isEvent, new Abortable(), attempt);

const within = (milliseconds: number) => ({ deadline: performance.now() + milliseconds });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a call is tried again', () => {
  it.each([503, 429])('after %i, which nobody has handled, message or event', async (code) => {
    for (const isEvent of [false, true]) {
      const tried = failing(code, code);
      const outcome = withRetry(prepared(), { attempts }, isEvent, tried);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await outcome).toBe('ok');
      expect(tried).toHaveBeenCalledTimes(3);
    }
  });

  it.each([502, 408])('after %i only when its contract says that this does no harm', async (code) => {
    const tried = failing(code);
    const outcome = withRetry(prepared({ idempotent: true }), { attempts }, false, tried);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await outcome).toBe('ok');
    const once = failing(code);
    await expect(withRetry(prepared(), { attempts }, false, once)).rejects.toMatchObject({ code });
    expect(once).toHaveBeenCalledOnce();
  });

  it.each([502, 408])('never after %i when it is an event', async (code) => {
    const tried = failing(code);
    await expect(withRetry(prepared({ idempotent: true }), { attempts }, true, tried)).rejects.toMatchObject({ code });
    expect(tried).toHaveBeenCalledOnce();
  });

  it.each([400, 401, 403, 404, 409, 413, 422, 499, 500, 501])('never after %i', async (code) => {
    const tried = failing(code);
    await expect(withRetry(prepared({ idempotent: true }), { attempts }, false, tried)).rejects.toMatchObject({ code });
    expect(tried).toHaveBeenCalledOnce();
  });

  it('as often as it says, and fails with the last error', async () => {
    const tried = failing(503, 503, 429, 503);
    const outcome = errorOf(withRetry(prepared(), { attempts }, false, tried));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await outcome).toMatchObject({
      code: 429,
      message: 'try 3',
    });
    expect(tried).toHaveBeenCalledTimes(3);
  });

  it('once, when it says once', async () => {
    const tried = failing(503);
    await expect(withRetry(prepared(), { attempts: 1 }, false, tried)).rejects.toMatchObject({ code: 503 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('after pauses that double from `initial` up to `max`, each shortened by at most half', async () => {
    const tried = failing(503, 503, 503, 503);
    const outcome = withRetry(prepared(), { attempts: 5, backoff: { initial: 100, max: 250 } }, false, tried);
    const times: number[] = [];
    const began = performance.now();
    tried.mockImplementation(async () => {
      times.push(performance.now() - began);
      throw new RpcException('x', { code: 503 });
    });
    const failed = errorOf(outcome);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await failed).toMatchObject({ code: 503 });
    const pauses = times.map((time, index) => time - (times[index - 1] ?? 0));
    for (const [index, longest] of [100, 200, 250, 250].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(longest / 2 - 1);
      expect(pauses[index]).toBeLessThanOrEqual(longest + 1);
    }
  });

  it('with the defaults for what the backoff leaves out', async () => {
    const tried = failing(503);
    const outcome = withRetry(prepared(), { attempts, backoff: { max: 10 } }, false, tried);
    await vi.advanceTimersByTimeAsync(10);
    expect(await outcome).toBe('ok');
  });
});

describe('time and patience', () => {
  it('a pause that would outlast the deadline is not begun', async () => {
    const tried = failing(503);
    const call = prepared(within(100));
    const retry = { attempts, backoff: { initial: 1000, max: 1000 } };
    await expect(withRetry(call, retry, false, tried)).rejects.toMatchObject({ code: 503 });
    expect(tried).toHaveBeenCalledOnce();
  });

  it('a caller that gives up during a pause gets 499 at once', async () => {
    const signal = new Abortable();
    const call = prepared({ onAbort: signal.onAbort.bind(signal) });
    const tried = failing(503);
    const outcome = errorOf(withRetry(call, { attempts, backoff: { initial: 60_000, max: 60_000 } }, false, tried));
    await vi.advanceTimersByTimeAsync(10);
    signal.abort('enough');
    expect(await outcome).toMatchObject({ code: 499, cause: 'enough' });
    expect(tried).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a handler whose own time is over ends the calls that it makes with its reason', async () => {
    const signal = new Abortable();
    const reason = new RpcException('late', { code: 408 });
    const call = prepared({ onAbort: signal.onAbort.bind(signal) });
    const outcome = errorOf(withRetry(call, { attempts }, false, failing(503)));
    await vi.advanceTimersByTimeAsync(1);
    signal.abort(reason);
    expect(await outcome).toBe(reason);
  });

  it('a client that closes ends a pause, and begins none any more', async () => {
    for (const during of [true, false]) {
      const closing = new Abortable();
      const reason = new RpcException('closed', { code: 503 });
      const tried = failing(429);
      const retry = { attempts, backoff: { initial: 60_000, max: 60_000 } };
      if (!during) closing.abort(reason);
      const outcome = errorOf(withRetryUntil(prepared(), retry, false, closing, tried));
      await vi.advanceTimersByTimeAsync(10);
      closing.abort(reason);
      expect(await outcome).toMatchObject({ code: during ? 503 : 429 });
      expect(tried).toHaveBeenCalledOnce();
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it('listens for that during pauses only', async () => {
    let listeners = 0;
    const onAbort = () => {
      listeners += 1;
      return () => {
        listeners -= 1;
      };
    };
    const outcome = withRetry(prepared({ onAbort }), { attempts }, false, failing(503, 503));
    await vi.advanceTimersByTimeAsync(10_000);
    await outcome;
    expect(listeners).toBe(0);
  });
});
