import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RpcException } from '../errors/index.ts';
import { checkHeaders, maxHeaderBytes, utf8Length } from './headers.ts';

describe('utf8Length', () => {
  it('is what every encoder writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }), (text) => {
        expect(utf8Length(text)).toBe(Buffer.byteLength(text));
        expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });

  it('counts lone and swapped surrogates as U+FFFD', () => {
    const unit = fc.constantFrom('\ud800', '\udbff', '\udc00', '\udfff', 'a', 'é', '€', '😀');
    fc.assert(
      fc.property(fc.array(unit), (units) => {
        const text = units.join('');
        expect(utf8Length(text)).toBe(Buffer.byteLength(text));
      }),
    );
  });
});

describe('headers', () => {
  it('are copied, so that the caller’s object can change', () => {
    const mine: Record<string, string> = { a: '1' };
    const checked = checkHeaders(mine);
    mine.a = '2';
    mine.b = '3';
    expect({ ...checked }).toEqual({ a: '1' });
  });

  it('of a frozen object are fine', () => {
    expect({ ...checkHeaders(Object.freeze({ a: '1' })) }).toEqual({ a: '1' });
  });

  it('that are none are undefined', () => {
    expect(checkHeaders(undefined)).toBeUndefined();
    expect(checkHeaders({})).toBeUndefined();
    expect(checkHeaders({ a: undefined })).toBeUndefined();
  });

  it('whose value is undefined are left out', () => {
    expect({ ...checkHeaders({ a: undefined, b: '' }) }).toEqual({ b: '' });
  });

  it.each(['\ud800', 'a\udc00b', '\udc00\ud800'])('with a lone surrogate in the value are refused: %j', (value) => {
    expectRefused({ tenant: value }, '"tenant"');
  });

  it('may have any other text as a value', () => {
    const value = fc.string({ unit: 'binary', maxLength: 100 });
    fc.assert(
      fc.property(value, (value) => {
        expect(checkHeaders({ a: value })?.a).toBe(value);
      }),
    );
  });

  it('may have the names of HTTP tokens', () => {
    const names = [
      'traceparent',
      'x-tenant',
      'a',
      '0',
      "!#$%&'*+-.^_`|~",
      'parley',
      'constructor',
      'toString'.toLowerCase(),
    ];
    for (const name of names) expect(Object.keys(checkHeaders({ [name]: 'v' }) ?? {})).toEqual([name]);
  });

  it('named __proto__ do not touch a prototype', () => {
    const checked = checkHeaders(JSON.parse('{"__proto__":"v","a":"1"}'));
    expect(Object.entries(checked ?? {})).toContainEqual(['a', '1']);
    expect(({} as Record<string, unknown>).v).toBeUndefined();
  });

  it('do not inherit: a name that nobody gave is undefined', () => {
    const checked = checkHeaders({ a: '1' });
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) expect(checked?.[name]).toBeUndefined();
  });

  it.each(['', 'A', 'X-Tenant', 'a b', 'a:b', 'é', 'a\n', '\0', 'a"', 'ſ', 'a/b'])(
    'with the name %j are refused, and the error names it',
    (name) => {
      expectRefused({ [name]: 'v' }, JSON.stringify(name));
    },
  );

  it('are refused by a short error when the name is long', () => {
    expect(refusalOf({ ['A'.repeat(10_000)]: 'v' }).message.length).toBeLessThan(200);
  });

  it.each(['parley-id', 'parley-', 'parley-attempt'])('with the reserved name %j are refused', (name) => {
    expectRefused({ [name]: 'v' }, 'reserved');
  });

  it.each([1, true, null, {}, ['v'], Symbol('v'), 1n, () => 'v'])(
    'with a value that is no text are refused: %s',
    (v) => {
      expectRefused({ tenant: v }, '"tenant"');
    },
  );

  it.each([null, 'a: 1', 5, true, [], [['a', '1']], Symbol('x'), () => ({})])(
    'that are no object are refused: %s',
    (headers) => {
      expectRefused(headers, 'must be a plain object');
    },
  );

  it.each([
    ['a Map', new Map([['a', '1']])],
    ['the Headers of fetch', new Headers({ a: '1' })],
  ])('in %s, which has no fields, are refused rather than lost', (_name, headers) => {
    expectRefused(headers, 'must be a plain object');
  });

  it('take 8 KiB in all, names included, and not a byte more', () => {
    const half = maxHeaderBytes / 2;
    const full = { a: 'x'.repeat(half - 1), b: 'é'.repeat((half - 2) / 2), c: '' };
    expect(checkHeaders(full)).toBeDefined();
    expectRefused({ ...full, d: '' }, '8192');
    expectRefused({ ...full, c: 'x' }, '8192');
  });
});

function refusalOf(headers: unknown): RpcException {
  try {
    checkHeaders(headers);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(RpcException);
    return thrown as RpcException;
  }
  throw new Error('The headers were not refused');
}

function expectRefused(headers: unknown, says: string): void {
  const error = refusalOf(headers);
  expect(error.code).toBe(400);
  expect(error.message).toContain(says);
}
