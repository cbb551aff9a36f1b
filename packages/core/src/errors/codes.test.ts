import { expect, test } from 'vitest';
import { codeName, isRpcCode, RpcCode } from './codes.ts';

test('every code has the name it is listed by', () => {
  for (const [name, code] of Object.entries(RpcCode)) {
    expect(codeName(code)).toBe(name);
    expect(isRpcCode(code)).toBe(true);
  }
});

test('codes are distinct', () => {
  const codes = Object.values(RpcCode);
  expect(new Set(codes).size).toBe(codes.length);
});

test.each([0, 200, 418, 600, -1, Number.NaN, '404', 404n, null, undefined, {}, []])('%s is no code', (value) => {
  expect(isRpcCode(value)).toBe(false);
});

test('what is no code has no name', () => {
  expect(codeName(418)).toBeUndefined();
});
