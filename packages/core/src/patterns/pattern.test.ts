import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RpcException } from '../errors/index.ts';
import { maxPatternLength, type Pattern, patternKey, targetKey } from './pattern.ts';

describe('the key of a pattern', () => {
  it.each<[Pattern, string]>([
    ['users.get', 'users.get'],
    [' spaces stay ', ' spaces stay '],
    ['{"a":1}', '{"a":1}'],
    [0, '0'],
    [-0, '0'],
    [7, '7'],
    [-1.5, '-1.5'],
    [0.1, '0.1'],
    [1e21, '1000000000000000000000'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [{}, '{}'],
    [{ cmd: 'sum' }, '{"cmd":"sum"}'],
    [{ b: 1, a: [true, null, { d: 'x', c: -0 }] }, '{"a":[true,null,{"c":0,"d":"x"}],"b":1}'],
    [{ '10': 1, '9': 2, a: 3, A: 4, é: 5 }, '{"10":1,"9":2,"A":4,"a":3,"é":5}'],
    [{ 'q"uote': '\n' }, '{"q\\"uote":"\\n"}'],
  ])('%j is %s', (pattern, key) => {
    expect(patternKey(pattern)).toBe(key);
    expect(targetKey(pattern)).toBe(key);
  });

  it('equal keys are one pattern, whatever they were written as', () => {
    expect(patternKey('7')).toBe(patternKey(7));
    expect(patternKey('{"cmd":"sum"}')).toBe(patternKey({ cmd: 'sum' }));
  });

  it('fields that are undefined do not count', () => {
    expect(patternKey({ a: 1, b: undefined } as unknown as Pattern)).toBe('{"a":1}');
  });

  it('does not depend on the order of the fields', () => {
    const pattern = fc.dictionary(fc.string({ maxLength: 8 }), small, { maxKeys: 6 });
    fc.assert(
      fc.property(pattern, fc.infiniteStream(fc.nat()), (pattern, dice) => {
        expect(patternKey(shuffled(pattern, dice) as Pattern)).toBe(patternKey(pattern as Pattern));
      }),
    );
  });

  it('is JSON of the pattern, so that two patterns are one if and only if their JSON is', () => {
    const pattern = fc.dictionary(fc.string({ maxLength: 8 }), small, { maxKeys: 6 });
    fc.assert(
      fc.property(pattern, (pattern) => {
        expect(JSON.parse(patternKey(pattern as Pattern))).toEqual(JSON.parse(JSON.stringify(pattern)));
      }),
    );
  });
});

describe('what is no pattern is refused with 400', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const cyclicArray: unknown[] = [];
  cyclicArray.push(cyclicArray);

  it.each<[string, unknown, string]>([
    ['empty text', '', 'empty'],
    ['long text', 'x'.repeat(maxPatternLength + 1), '1024'],
    ['a lone surrogate', 'a\ud800', 'surrogate'],
    ['NaN', Number.NaN, 'NaN'],
    ['Infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['a number that needs an exponent', 1e-7, '1e-7'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a bigint', 1n, 'bigint'],
    ['a boolean', true, 'boolean'],
    ['a symbol', Symbol('x'), 'symbol'],
    ['a function', () => 1, 'function'],
    ['an array', ['a'], 'array'],
    ['a Date', new Date(0), 'Date'],
    ['an instance', new (class Command {})(), 'Command'],
    ['NaN inside', { a: Number.NaN }, ''],
    ['undefined in an array', { a: [undefined] }, 'undefined'],
    ['a hole in an array', { a: Object.assign([1], { length: 2 }) }, ''],
    ['a bigint inside', { a: 1n }, 'bigint'],
    ['a Map inside', { a: new Map() }, 'Map'],
    ['a cycle', cyclic, 'deep'],
    ['a cycle of arrays', { a: cyclicArray }, 'deep'],
    ['100 000 levels', deep(100_000), 'deep'],
    ['a long object', { a: 'x'.repeat(maxPatternLength) }, '1024'],
  ])('%s', (_name, pattern, says) => {
    for (const key of [patternKey, targetKey]) {
      const error = refusalOf(() => key(pattern as Pattern));
      expect(error.code).toBe(400);
      expect(error.message).toMatch(/^Bad pattern: /);
      expect(error.message).toContain(says);
    }
  });

  it('the longest key that is allowed is', () => {
    expect(patternKey('x'.repeat(maxPatternLength))).toHaveLength(maxPatternLength);
  });
});

describe('a wildcard', () => {
  it('has a key to listen to and none to send to', () => {
    expect(patternKey('user.*')).toBe('user.*');
    expect(refusalOf(() => targetKey('user.*'))).toMatchObject({ code: 400 });
    expect(refusalOf(() => targetKey('*')).message).toContain('only an event handler');
  });

  it('is only in text: an object may hold `*`', () => {
    expect(targetKey({ topic: '*' })).toBe('{"topic":"*"}');
  });
});

const small = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.string({ maxLength: 6 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 4 }), tie('value'), { maxKeys: 3 }),
  ),
})).value;

function shuffled(value: unknown, dice: Iterator<number>): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, dice));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [dice.next().value as number, name, item] as const);
  entries.sort(([a], [b]) => a - b);
  return Object.fromEntries(entries.map(([, name, item]) => [name, shuffled(item, dice)]));
}

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

function refusalOf(action: () => unknown): RpcException {
  try {
    action();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(RpcException);
    return thrown as RpcException;
  }
  throw new Error('The pattern was not refused');
}
