import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RpcException } from '../errors/index.ts';
import { binaryContentType, type Codec, contentTypeOf, decodePayload, encodePayload, jsonCodec } from './codec.ts';

const maxBody = 1 << 20;

const overTheWire = (value: unknown, codec: Codec = jsonCodec) => {
  return decodePayload(encodePayload(value, codec, maxBody), contentTypeOf(value, codec), codec);
};

/** The same over a wire that carries bytes only. */
const asBytes = (value: unknown) => {
  const body = encodePayload(value, jsonCodec, maxBody);
  return decodePayload(typeof body === 'string' ? Buffer.from(body) : body, contentTypeOf(value, jsonCodec), jsonCodec);
};

/** Any UTF-16 units, lone surrogates included. */
const anyText = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 60 });

const json = fc
  .oneof(fc.jsonValue({ stringUnit: 'binary' }), fc.dictionary(anyText, fc.array(anyText, { maxLength: 3 })))
  .filter((value) => !namesProto(value));

describe('payloads arrive as they were sent', () => {
  it('any JSON value, as text and as bytes', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(overTheWire(value)).toEqual(noMinusZero(value));
        expect(asBytes(value)).toEqual(noMinusZero(value));
      }),
    );
  });

  it.each([
    ['text that looks like JSON', '{"a":1}'],
    ['text that looks like an array', '[1]'],
    ['text that looks like a number', '42'],
    ['text "null"', 'null'],
    ['text "undefined"', 'undefined'],
    ['empty text', ''],
    ['text that names __proto__', '__proto__'],
    ['a value that names __proto__', { a: ['__proto__'] }],
    ['quotes and backslashes', '"\\"\\u005f'],
    ['NUL and line separators', '\0\u2028\u2029'],
    ['a lone high surrogate', 'a\ud800b'],
    ['a lone low surrogate', '\udc00'],
    ['emoji', '👩‍👩‍👧'],
    ['zero', 0],
    ['the largest safe integer', Number.MAX_SAFE_INTEGER],
    ['the smallest number', Number.MIN_VALUE],
    ['false', false],
    ['null', null],
    ['an empty object', {}],
    ['an empty array', []],
    ['an object with key and value', { key: 'k', value: 'v', pattern: 'p', data: null }],
    ['an object with own constructor and toString', { constructor: 1, toString: 2, hasOwnProperty: 3 }],
  ])('%s', (_name, value) => {
    expect(overTheWire(value)).toStrictEqual(value);
    expect(asBytes(value)).toStrictEqual(value);
  });

  it('undefined as no body, which is not null', () => {
    expect(encodePayload(undefined, jsonCodec, maxBody)).toBeUndefined();
    expect(contentTypeOf(undefined, jsonCodec)).toBeUndefined();
    expect(contentTypeOf(undefined, upperCase)).toBeUndefined();
    expect(overTheWire(undefined)).toBeUndefined();
    expect(overTheWire(null)).toBeNull();
  });

  it('fields that are undefined are left out', () => {
    expect(overTheWire({ a: undefined, b: 1 })).toStrictEqual({ b: 1 });
  });

  it('JSON is not announced, since it is what everybody reads', () => {
    expect(encodePayload({ a: 1 }, jsonCodec, maxBody)).toBe('{"a":1}');
    expect(contentTypeOf({ a: 1 }, jsonCodec)).toBeUndefined();
    expect(contentTypeOf({ a: 1 }, upperCase)).toBe(upperCase.contentType);
  });

  it('the caller’s object is not changed', () => {
    const value = Object.freeze({ list: Object.freeze([1, Object.freeze({ a: 1 })]) });
    expect(overTheWire(value)).toEqual(value);
  });
});

describe('binary', () => {
  it('passes through untouched, whatever the codec', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(encodePayload(bytes, jsonCodec, maxBody)).toBe(bytes);
        expect(contentTypeOf(bytes, jsonCodec)).toBe(binaryContentType);
        expect(overTheWire(bytes, upperCase)).toEqual(bytes);
      }),
    );
  });

  it('a Buffer is binary, too', () => {
    expect(overTheWire(Buffer.from('hello'))).toEqual(Buffer.from('hello'));
  });

  it('empty binary is not undefined', () => {
    const back = overTheWire(new Uint8Array(0));
    expect(back).toBeInstanceOf(Uint8Array);
    expect(back).toHaveLength(0);
  });

  it('comes as a Uint8Array when the wire had no body, or text', () => {
    expect(decodePayload(undefined, binaryContentType, jsonCodec)).toEqual(new Uint8Array(0));
    expect(decodePayload('é', binaryContentType, jsonCodec)).toEqual(new Uint8Array([0xc3, 0xa9]));
  });
});

describe('the size limit', () => {
  it('is in bytes of UTF-8, exactly', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const bytes = Buffer.byteLength(JSON.stringify(value));
        expect(() => encodePayload(value, jsonCodec, bytes)).not.toThrow();
        expect(thrownBy(() => encodePayload(value, jsonCodec, bytes - 1))).toMatchObject({
          code: 413,
          details: { bytes, limit: bytes - 1 },
        });
      }),
    );
  });

  it('holds for binary', () => {
    expect(encodePayload(new Uint8Array(8), jsonCodec, 8)).toHaveLength(8);
    expect(thrownBy(() => encodePayload(new Uint8Array(9), jsonCodec, 8))).toMatchObject({ code: 413 });
  });

  it('holds for a custom codec, whether it makes text or bytes', () => {
    const bytes: Codec = { ...upperCase, encode: () => new Uint8Array(9) };
    expect(thrownBy(() => encodePayload('x', bytes, 8))).toMatchObject({ code: 413 });
    expect(thrownBy(() => encodePayload('x'.repeat(9), upperCase, 8))).toMatchObject({ code: 413 });
  });

  it('says what took how much', () => {
    expect(thrownBy(() => encodePayload('12345', jsonCodec, 6)).message).toContain('7 bytes and the limit is 6');
  });
});

describe('values that JSON has no form for', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  it.each([
    ['a bigint', { a: 1n }],
    ['a cycle', cyclic],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a toJSON that throws', { toJSON: thrower(new Error('x')) }],
    ['a toJSON that throws text', { toJSON: thrower('text') }],
    ['a toJSON that throws what cannot be printed', { toJSON: thrower(Object.create(null)) }],
    ['a toJSON that gives nothing', { toJSON: () => undefined }],
    ['a revoked proxy', revokedProxy()],
  ])('are refused with 400: %s', (_name, value) => {
    const error = thrownBy(() => encodePayload(value, jsonCodec, maxBody));
    expect(error).toMatchObject({ code: 400 });
    expect(error.message).toMatch(/^The payload cannot be encoded as application\/json: /);
  });

  it('a value nested 100 000 levels deep is refused, not crashed on', () => {
    expect(thrownBy(() => encodePayload(nested(100_000), jsonCodec, maxBody))).toMatchObject({ code: 400 });
  });
});

describe('hostile JSON', () => {
  it.each(['', '{', 'undefined', '{"a":1}x', "{'a':1}", 'NaN', '[1,]', '\u0000', '{"a":1', '"\ud800', '\ufeff{}'])(
    'text that is no JSON is refused with 400: %j',
    (body) => {
      expect(thrownBy(() => decodePayload(body, undefined, jsonCodec))).toMatchObject({ code: 400 });
    },
  );

  it.each([[[0xff]], [[0x22, 0xc3, 0x22]], [[0x22, 0xed, 0xa0, 0x80, 0x22]]])(
    'bytes that are no UTF-8 are refused with 400: %j',
    (bytes) => {
      expect(thrownBy(() => decodePayload(new Uint8Array(bytes), undefined, jsonCodec))).toMatchObject({ code: 400 });
    },
  );

  it('what it quotes of the input is short', () => {
    const body = `["${'x'.repeat(100_000)}`;
    expect(thrownBy(() => decodePayload(body, undefined, jsonCodec)).message.length).toBeLessThan(400);
  });

  it.each(['{"__proto__":{"a":1}}', '[{"a":{"__proto__":null}}]', '{ "__proto__" : 1 }'])(
    'the key __proto__ is refused with 400: %s',
    (body) => {
      expect(thrownBy(() => decodePayload(body, undefined, jsonCodec))).toMatchObject({ code: 400 });
      expect(thrownBy(() => decodePayload(Buffer.from(body), undefined, jsonCodec))).toMatchObject({ code: 400 });
    },
  );

  it('the key __proto__ is refused however it is escaped', () => {
    const letter = fc.constantFrom<(char: string) => string>(
      (char) => char,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`,
    );
    fc.assert(
      fc.property(fc.tuple(...Array.from('__proto__', (char) => letter.map((write) => write(char)))), (letters) => {
        const body = `{"a":{"${letters.join('')}":{"isAdmin":true}}}`;
        expect(thrownBy(() => decodePayload(body, undefined, jsonCodec))).toMatchObject({ code: 400 });
      }),
    );
  });

  it.each([
    '{"constructor":{"prototype":{"isAdmin":true}}}',
    '{"a":"__proto__"}',
    '{"__proto":1,"proto__":2}',
    '{"\\\\u005f":1}',
  ])('what only looks like it is not: %s', (body) => {
    expect(decodePayload(body, undefined, jsonCodec)).toEqual(JSON.parse(body));
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it.each([
    ['arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
    ['arrays around a suspicious key', `${'['.repeat(100_000)}{"__proto__":1}${']'.repeat(100_000)}`],
    ['arrays without an end', '['.repeat(1_000_000)],
  ])('nested 100 000 levels deep neither crashes nor hangs: %s', (_name, body) => {
    const began = performance.now();
    const outcome = outcomeOf(() => decodePayload(body, undefined, jsonCodec));
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 400 });
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('never throws anything but a 400, whatever came', () => {
    const body = fc.oneof(anyText, fc.uint8Array(), fc.constant(undefined));
    const contentType = fc.option(fc.oneof(fc.string(), fc.constantFrom('application/json', binaryContentType)), {
      nil: undefined,
    });
    fc.assert(
      fc.property(body, contentType, (body, contentType) => {
        const outcome = outcomeOf(() => decodePayload(body, contentType, jsonCodec));
        if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'RpcException', code: 400 });
      }),
    );
  });
});

/** A codec that can be told from JSON. */
const upperCase: Codec = {
  contentType: 'text/x-upper',
  encode: (value) => String(value).toUpperCase(),
  decode: (body) => `decoded ${String(body)}`,
};

describe('a custom codec', () => {
  it('encodes and decodes, and its type travels', () => {
    expect(encodePayload('abc', upperCase, maxBody)).toBe('ABC');
    expect(contentTypeOf('abc', upperCase)).toBe('text/x-upper');
    expect(overTheWire('abc', upperCase)).toBe('decoded ABC');
  });

  it('still reads JSON, which has no type or its own', () => {
    expect(decodePayload('{"a":1}', undefined, upperCase)).toEqual({ a: 1 });
    expect(decodePayload('{"a":1}', 'application/json', upperCase)).toEqual({ a: 1 });
  });

  it('is not asked for undefined', () => {
    expect(encodePayload(undefined, upperCase, maxBody)).toBeUndefined();
    expect(decodePayload(undefined, 'text/x-upper', upperCase)).toBeUndefined();
  });

  it.each([
    ['an Error', new Error('no such thing'), 'no such thing'],
    ['text', 'plain text', 'plain text'],
    ['what cannot be printed', Object.create(null), ''],
    ['a proxy that throws', revokedProxy(), ''],
  ])('that throws %s ends the call with 400 and what it says', (_name, thrown, says) => {
    const broken: Codec = { ...upperCase, encode: thrower(thrown), decode: thrower(thrown) };
    const encoding = thrownBy(() => encodePayload('x', broken, maxBody));
    expect(encoding).toMatchObject({ code: 400 });
    expect(encoding.message).toContain(says);
    const decoding = thrownBy(() => decodePayload('x', 'text/x-upper', broken));
    expect(decoding).toMatchObject({ code: 400 });
    expect(decoding.message).toContain(says);
  });

  it.each([undefined, null, 5, {}])(
    'that encodes to %s, which is neither text nor bytes, ends the call with 400',
    (it) => {
      const broken = { ...upperCase, encode: () => it } as unknown as Codec;
      expect(thrownBy(() => encodePayload('x', broken, maxBody))).toMatchObject({ code: 400 });
    },
  );

  it('of the other side that nobody here knows is refused with 400 that says what to do', () => {
    const error = thrownBy(() => decodePayload('x', 'application/cbor', upperCase));
    expect(error).toMatchObject({ code: 400 });
    expect(error.message).toContain('application/cbor');
    expect(error.message).toContain('text/x-upper');
  });

  it('that is a JSON of one’s own decodes what it has encoded', () => {
    const dates: Codec = {
      contentType: 'application/json',
      encode: (value) => JSON.stringify(value),
      decode: (body) => JSON.parse(String(body), (key, value) => (key === 'at' ? new Date(value as string) : value)),
    };
    const value = { at: new Date(0) };
    expect(overTheWire(value, dates)).toEqual(value);
  });
});

function outcomeOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (thrown) {
    return thrown;
  }
}

function thrownBy(action: () => unknown): RpcException {
  const outcome = outcomeOf(action);
  expect(outcome).toBeInstanceOf(RpcException);
  return outcome as RpcException;
}

function thrower(thrown: unknown): () => never {
  return () => {
    throw thrown;
  };
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

function namesProto(value: unknown): boolean {
  return JSON.stringify(value).includes('"__proto__":');
}

/** JSON has no -0. */
function noMinusZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

it('a content type of JSON with parameters, as other languages write it, is JSON', () => {
  expect(decodePayload('{"a":1}', 'application/json; charset=utf-8', jsonCodec)).toEqual({ a: 1 });
});
