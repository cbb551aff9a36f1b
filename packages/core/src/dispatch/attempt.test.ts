import { expect, it } from 'vitest';
import { attempt } from './attempt.ts';

it('gives by a promise what is given, now or later', async () => {
  const doubled = (value: number): unknown => 2 * value;
  expect(await attempt(doubled, 2)).toBe(4);
  const promise = Promise.resolve(5);
  expect(attempt(() => promise, undefined)).toBe(promise);
  // oxlint-disable-next-line unicorn/no-thenable -- it is what the test is about
  expect(await attempt(() => ({ then: (resolve: (value: number) => void) => resolve(6) }), undefined)).toBe(6);
});

it('rejects with what is thrown, now or later', async () => {
  const error = new Error('x');
  const thrower = () => {
    throw error;
  };
  await expect(attempt(thrower, undefined)).rejects.toBe(error);
  await expect(attempt(() => Promise.reject(error), undefined)).rejects.toBe(error);
});
