import { expect, it } from 'vitest';
import { readEntry, writeEntry } from './entry.ts';

const read = (...fields: (string | Buffer)[]) => readEntry(fields.map((field) => Buffer.from(field)));

it.each([['text'], [''], [Buffer.from([0, 0xff, 0x0a])], [undefined]])('carries a head and the body %o', (body) => {
  const entry = read(...writeEntry('[1]', body));
  expect(entry?.head).toBe('[1]');
  expect(entry?.body).toEqual(body === undefined ? undefined : Buffer.from(body));
  expect(entry?.group).toBeUndefined();
});

it('writes a part of a larger buffer', () => {
  const part = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  expect(read(...writeEntry('[1]', part))?.body).toEqual(Buffer.from([2, 3]));
});

it('says which group it was put back for', () => {
  expect(read('h', '[1]', 'b', 'x', 'g', 'orders')).toMatchObject({ head: '[1]', group: 'orders' });
});

it('leaves fields of others alone, and takes the first of those with one name', () => {
  expect(read('trace', 'x', 'h', 'first', 'h', 'second', '', 'y')).toMatchObject({ head: 'first', body: undefined });
});

it.each([[[]], [['b', 'body']], [['h']], [['head', 'x']]])('is none without a head: %o', (fields) => {
  expect(read(...fields)).toBeUndefined();
});
