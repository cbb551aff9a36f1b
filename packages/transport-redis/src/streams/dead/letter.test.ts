import { errorToWire, RpcCode, RpcException } from '@parley/core/transport';
import { expect, it } from 'vitest';
import { readLetter, writeLetter } from './letter.ts';

const origin = { stream: 'parley:e:{x}', entryId: '5-0', group: 'orders', attempts: 3 };
const bytes = (fields: readonly (string | Buffer)[]) => fields.map((field) => Buffer.from(field));

it('keeps where it comes from, why it died, and the message as it was', () => {
  const why = errorToWire(new RpcException('No', { code: RpcCode.Conflict, metadata: { a: 1 } }));
  const fields = bytes(['h', '[1]', 'b', Buffer.from([0, 255])]);
  const letter = readLetter(bytes(writeLetter(origin, why, fields)));
  expect(letter).toEqual({ ...origin, error: { error: 'No', code: 409, metadata: { a: 1 } }, fields });
});

it('keeps fields of a foreign entry that are called like its own', () => {
  const fields = bytes(['d', 'mine', 'e', 'mine too']);
  expect(readLetter(bytes(writeLetter(origin, '{"error":"x","code":400}', fields)))?.fields).toEqual(fields);
});

it('keeps no more fields than a script can take', () => {
  const fields = bytes(Array.from({ length: 10_000 }, (_, index) => String(index)));
  expect(writeLetter(origin, '{}', fields).length).toBeLessThan(4000);
});

it.each([
  [[]],
  [['d', '{}', 'e', '{}']],
  [['d', 'no json', 'e', '{}']],
  [['d', '{"stream":1,"entryId":"1-0","group":"g","attempts":1}', 'e', '{}']],
  [['x', '1', 'y', '2']],
])('%o is none', (fields) => {
  expect(readLetter(bytes(fields))).toBeUndefined();
});
