import { expect, test } from 'vitest';

const calls: unknown[][] = [];

function spy(...args: unknown[]): void {
  calls.push(args);
}

class Example {
  @spy
  method(): void {}
}

test('a decorator under a `legacy` folder is called with (prototype, name, descriptor)', () => {
  expect(calls).toHaveLength(1);
  expect(calls[0]?.[0]).toBe(Example.prototype);
  expect(calls[0]?.[1]).toBe('method');
  expect(calls[0]?.[2]).toMatchObject({ writable: true });
});
