import { expect, it } from 'vitest';
import { messageOf } from './message-of.ts';

const throws = () => {
  throw new Error('hostile');
};

it.each([
  [new Error('broken'), 'broken'],
  [{ message: 'like an error' }, 'like an error'],
  [{ message: undefined }, 'undefined'],
  ['text', 'text'],
  ['', ''],
  [42, '42'],
  [1n, '1'],
  [undefined, 'undefined'],
  [null, 'null'],
  [Symbol('x'), 'Symbol(x)'],
])('%o is told as %j', (thrown, text) => {
  expect(messageOf(thrown)).toBe(text);
});

it.each([
  Object.create(null),
  { message: Object.create(null) as unknown },
  Object.defineProperty({}, 'message', { get: throws }),
  new Proxy({}, { has: throws }),
  { toString: throws },
])('what cannot be printed is told, too (%#)', (thrown) => {
  expect(messageOf(thrown)).toBe('something that cannot be printed');
});

it('is shortened', () => {
  expect(messageOf('x'.repeat(5000))).toBe(`${'x'.repeat(1000)}…`);
  expect(messageOf(new Error('abcdef'), 3)).toBe('abc…');
  expect(messageOf('abc', 3)).toBe('abc');
});
