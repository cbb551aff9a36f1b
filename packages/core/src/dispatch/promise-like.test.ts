import { expect, it } from 'vitest';
import { isPromiseLike } from './promise-like.ts';

it('knows promises, and what else can be awaited', () => {
  expect(isPromiseLike(Promise.resolve())).toBe(true);
  // oxlint-disable-next-line unicorn/no-thenable -- it is what the test is about
  expect(isPromiseLike({ then: () => undefined })).toBe(true);
});

// oxlint-disable-next-line unicorn/no-thenable -- it is what the test is about
it.each([undefined, null, 7, 'text', {}, [], () => undefined, { then: 'now' }])('knows what cannot: %o', (value) => {
  expect(isPromiseLike(value)).toBe(false);
});
