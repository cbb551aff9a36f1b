import { expect, test } from 'vitest';

const calls: unknown[][] = [];

function spy(...args: unknown[]): void {
  calls.push(args);
}

class Example {
  @spy
  method(): void {}
}

test('a decorator elsewhere is called with (value, context)', () => {
  expect(calls).toHaveLength(1);
  expect(calls[0]?.[0]).toBe(Example.prototype.method);
  expect(calls[0]?.[1]).toMatchObject({ kind: 'method', name: 'method', static: false, private: false });
});
