import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { within } from './within.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = new Promise<void>(() => undefined);

describe('within a time', () => {
  it('a task that ends is done, and leaves no timer', async () => {
    expect(await within(1000, Promise.resolve(7))).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('one that fails fails', async () => {
    const error = new Error('x');
    expect(await errorOf(within(1000, Promise.reject(error)))).toBe(error);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('one that does not end is not', async () => {
    const outcome = within(1000, never);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await outcome).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('one that fails later harms nobody', async () => {
    const task = Promise.withResolvers<void>();
    const outcome = within(10, task.promise);
    await vi.advanceTimersByTimeAsync(10);
    expect(await outcome).toBe(false);
    task.reject(new Error('late'));
    await vi.advanceTimersByTimeAsync(10);
  });

  it.each([Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 40])('%d ms is as long as it takes', async (timeout) => {
    const task = Promise.withResolvers<void>();
    const outcome = within(timeout, task.promise);
    await vi.advanceTimersByTimeAsync(24 * 3600 * 1000);
    task.resolve();
    expect(await outcome).toBe(true);
  });
});
