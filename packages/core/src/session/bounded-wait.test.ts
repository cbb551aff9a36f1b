import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { Abortable } from '../dispatch/abortable.ts';
import { TimeoutError } from '../errors/index.ts';
import { BoundedWait } from './bounded-wait.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function waitFor(milliseconds = Number.POSITIVE_INFINITY) {
  const signal = new Abortable();
  const ended = vi.fn<() => void>();
  const call = { deadline: performance.now() + milliseconds, onAbort: signal.onAbort.bind(signal) };
  return { signal, ended, create: () => new BoundedWait<number>(call, () => new TimeoutError('late'), ended) };
}

it('gives what it is resolved with, and leaves nothing behind', async () => {
  const { create, ended, signal } = waitFor(1000);
  const wait = create();
  wait.resolve(7);
  wait.reject(new TimeoutError('x'));
  expect(await wait.promise).toBe(7);
  expect(ended).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
  signal.abort('x');
  expect(ended).toHaveBeenCalledOnce();
});

it('ends with 408 at the deadline', async () => {
  const { create, ended } = waitFor(100);
  const rejected = errorOf(create().promise);
  await vi.advanceTimersByTimeAsync(100);
  expect(await rejected).toMatchObject({ code: 408 });
  expect(ended).toHaveBeenCalledOnce();
});

it('ends with 499 when it is given up', async () => {
  const { create, ended, signal } = waitFor();
  const wait = create();
  signal.abort('enough');
  await expect(wait.promise).rejects.toMatchObject({ code: 499, cause: 'enough' });
  expect(ended).toHaveBeenCalledOnce();
});

it('ends with 499 when it was given up before it began', async () => {
  const { create, ended, signal } = waitFor(1000);
  signal.abort('enough');
  const wait = create();
  expect(ended).not.toHaveBeenCalled();
  await expect(wait.promise).rejects.toMatchObject({ code: 499 });
  expect(ended).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

it('has no timer without a deadline, and a short one when that has passed', async () => {
  waitFor().create();
  expect(vi.getTimerCount()).toBe(0);
  const rejected = errorOf(waitFor(-5).create().promise);
  await vi.advanceTimersByTimeAsync(1);
  expect(await rejected).toMatchObject({ code: 408 });
});
