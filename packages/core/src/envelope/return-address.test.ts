import { expect, it } from 'vitest';
import { parseReturnAddress, returnAddress } from './return-address.ts';

it('leads back to who asked', () => {
  expect(parseReturnAddress(returnAddress('api-x7f3', 42))).toEqual({ inbox: 'api-x7f3', id: 42 });
  expect(parseReturnAddress(returnAddress('a/b', 0xffff_ffff))).toEqual({ inbox: 'a/b', id: 0xffff_ffff });
});

it.each([7, '', 'nobody', '/7', 'a/', 'a/-1', 'a/1.5', 'a/4294967296', 'a/0x1', 'a/ 1', 'a/1e3'])(
  'does not take %j for a return address',
  (id) => {
    expect(parseReturnAddress(id)).toBeUndefined();
  },
);
