import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ValidationError, type ValidationIssue } from '../errors/index.ts';
import type { Schema } from './contract.ts';
import { validate } from './validate.ts';

const User = { name: 'Ada', address: { city: 'London' } };

const libraries: readonly [string, { readonly sync: Schema; readonly async: Schema }][] = [
  [
    'zod',
    {
      sync: z.object({ name: z.string().trim(), address: z.object({ city: z.string() }) }),
      async: z.object({
        name: z.string().transform(async (name) => name.trim()),
        address: z.object({ city: z.string() }),
      }),
    },
  ],
  [
    'valibot',
    {
      sync: v.object({ name: v.pipe(v.string(), v.trim()), address: v.object({ city: v.string() }) }),
      async: v.objectAsync({
        name: v.pipeAsync(
          v.string(),
          v.transformAsync(async (name) => name.trim()),
        ),
        address: v.object({ city: v.string() }),
      }),
    },
  ],
];

describe.each(libraries)('with %s', (_name, { sync, async }) => {
  it('gives the output at once', () => {
    expect(validate(sync, { ...User, name: ' Ada ' }, 'request')).toEqual(User);
  });

  it('gives the output of an asynchronous schema by a promise', async () => {
    const output = validate(async, { ...User, name: ' Ada ' }, 'request');
    expect(output).toBeInstanceOf(Promise);
    expect(await output).toEqual(User);
  });

  it('throws 422 with plain issues at once', () => {
    const error = thrownBy(() => validate(sync, { name: 'Ada', address: { city: 5 } }, 'request'));
    expectCityIssue(error);
  });

  it('rejects with 422 by the promise', async () => {
    const output = validate(async, { name: 'Ada', address: { city: 5 } }, 'request');
    expectCityIssue(await Promise.resolve(output).catch((error: unknown) => error));
  });

  it('names the first issue and counts the others', () => {
    const error = thrownBy(() => validate(sync, { address: {} }, 'reply'));
    expect(error).toMatchObject({
      message: expect.stringMatching(/^The reply is not valid at name: .*\(and 1 more\)$/),
    });
  });
});

describe('issues', () => {
  it('hold what can be told over the wire, and nothing of the input', () => {
    const issues = [{ message: 'no', path: [{ key: 'a' }, 0, Symbol('s'), { key: 1 }], input: { password: 'secret' } }];
    const { details } = thrownBy(() => validate(failing(issues), {}, 'request'));
    expect(details).toEqual([{ message: 'no', path: ['a', 0, 'Symbol(s)', 1] }]);
    expect(JSON.stringify(details)).not.toContain('secret');
  });

  it('without a path, or with an empty one, are about the whole', () => {
    const error = thrownBy(() => validate(failing([{ message: 'no' }, { message: 'no', path: [] }]), {}, 'request'));
    expect(error.details).toEqual([{ message: 'no' }, { message: 'no' }]);
    expect(error.message).toBe('The request is not valid: no (and 1 more)');
  });

  it('that are an empty list mean that it is not valid, all the same', () => {
    expect(thrownBy(() => validate(failing([]), {}, 'request')).message).toContain('no reason given');
  });
});

describe('schemas of one’s own', () => {
  it('what the schema itself throws goes through', () => {
    const broken = schemaOf(() => {
      throw new TypeError('broken schema');
    });
    expect(() => validate(broken, {}, 'request')).toThrow(TypeError);
  });

  it('a thenable that is no native Promise is waited for, not taken for valid', async () => {
    const thenable = (result: unknown) =>
      // oxlint-disable-next-line unicorn/no-thenable -- it is what the test is about
      schemaOf(() => ({ then: (resolve: (value: unknown) => void) => resolve(result) }));
    expect(await validate(thenable({ value: 'ok' }), 'raw', 'request')).toBe('ok');
    const refused = async () => validate(thenable({ issues: [{ message: 'no' }] }), 'raw', 'request');
    await expect(refused()).rejects.toBeInstanceOf(ValidationError);
  });
});

function expectCityIssue(error: unknown): void {
  expect(error).toBeInstanceOf(ValidationError);
  const { code, message, details } = error as ValidationError;
  expect(code).toBe(422);
  expect(message).toMatch(/^The request is not valid at address\.city: /);
  expect(details).toEqual([{ message: expect.any(String) as string, path: ['address', 'city'] }]);
}

function failing(issues: readonly object[]): Schema {
  return schemaOf(() => ({ issues: issues as unknown as ValidationIssue[] }));
}

function schemaOf(validate: (value: unknown) => unknown): Schema {
  return { '~standard': { version: 1, vendor: 'test', validate: validate as Schema['~standard']['validate'] } };
}

function thrownBy(action: () => unknown): ValidationError {
  try {
    action();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ValidationError);
    return thrown as ValidationError;
  }
  throw new Error('It was valid');
}
