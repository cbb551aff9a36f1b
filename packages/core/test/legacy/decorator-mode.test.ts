import { expect, test } from 'vitest';

// The tests in this folder are about `experimentalDecorators`; this one fails when the setting no longer reaches them.
test('decorators in this folder are compiled as `experimentalDecorators`', () => {
  const names: unknown[] = [];
  const note = (_target: object, name: string | symbol): void => void names.push(name);
  class Example {
    @note
    method(): void {}
  }
  expect(names).toEqual(['method']);
  expect(new Example().method).toBeTypeOf('function');
});
