import type { Schema } from '@parley/core';

/** A Standard Schema out of one function, which gives the output or throws the issue's message. */
function schema<Input, Output>(check: (value: unknown) => Output | Promise<Output>): Schema<Input, Output> {
  return {
    '~standard': {
      version: 1,
      vendor: 'conformance',
      validate: (value) => {
        try {
          const output = check(value);
          if (!(output instanceof Promise)) return { value: output };
          return output.then((later) => ({ value: later }), issue);
        } catch (thrown) {
          return issue(thrown);
        }
      },
    },
  };
}

function issue(thrown: unknown): {
  readonly issues: readonly { readonly message: string; readonly path: readonly string[] }[];
} {
  return { issues: [{ message: String(thrown), path: ['field', 'inner'] }] };
}

/** `{ page: number }` in, and out with the page as a whole number. */
export const pageSchema = schema<{ page: number }, { page: number }>((value) => {
  const { page } = (value ?? {}) as { page?: unknown };
  // oxlint-disable-next-line typescript/only-throw-error -- An issue's message.
  if (typeof page !== 'number') throw 'page must be a number';
  return { page: Math.trunc(page) };
});

/** Text in, its length out; takes its time. */
export const lengthSchema = schema<string, number>(async (value) => {
  await Promise.resolve();
  // oxlint-disable-next-line typescript/only-throw-error -- An issue's message.
  if (typeof value !== 'string') throw 'must be text';
  return value.length;
});

/** Breaks its promise never to throw. */
export const brokenSchema: Schema<unknown, unknown> = {
  '~standard': {
    version: 1,
    vendor: 'conformance',
    validate: () => {
      throw new Error('secret: the schema itself is broken');
    },
  },
};
