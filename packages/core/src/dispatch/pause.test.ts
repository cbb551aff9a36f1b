import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pause } from './pause.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('waits its time, and leaves nothing behind', async () => {
  const { signal } = new AbortController();
  const waited = pause(100, signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(await waited).toBe(true);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('ends at once when the signal aborts, and leaves no timer', async () => {
  const controller = new AbortController();
  const waited = pause(100, controller.signal);
  controller.abort();
  expect(await waited).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

it('does not begin when the signal has aborted', async () => {
  expect(await pause(100, AbortSignal.abort())).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
