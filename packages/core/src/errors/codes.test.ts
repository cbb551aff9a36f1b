import { expect, test } from 'vitest';
import { codeName, isRpcCode, RpcCode } from './codes.ts';

test('every code has a name that it is listed by', () => {
  for (const code of Object.values(RpcCode)) {
    expect(isRpcCode(code)).toBe(true);
    expect(RpcCode[codeName(code) as keyof typeof RpcCode]).toBe(code);
  }
});

test('codes are distinct, but for the two kinds of 404', () => {
  const codes = Object.entries(RpcCode).filter(([name]) => name !== 'NotFound');
  expect(new Set(codes.map(([, code]) => code)).size).toBe(codes.length);
  expect(RpcCode.NotFound).toBe(RpcCode.NoHandler);
  expect(codeName(404)).toBe('NotFound');
});

test.each([0, 200, 418, 600, -1, Number.NaN, '404', 404n, null, undefined, {}, []])('%s is no code', (value) => {
  expect(isRpcCode(value)).toBe(false);
});

test('what is no code has no name', () => {
  expect(codeName(418)).toBeUndefined();
});
