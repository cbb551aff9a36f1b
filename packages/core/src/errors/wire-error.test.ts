import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RpcCode } from './codes.ts';
import { RpcException, TimeoutError, ValidationError } from './rpc-exception.ts';
import { errorFromWire, errorToWire } from './wire-error.ts';

const overTheWire = (error: RpcException) => errorFromWire(JSON.parse(errorToWire(error)));

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const unfit: readonly [string, unknown][] = [
  ['cyclic', cyclic],
  ['a bigint', { amount: 1n }],
  [
    'a getter that throws',
    {
      get broken() {
        throw new Error('hostile');
      },
    },
  ],
  [
    'a toJSON that throws',
    {
      toJSON() {
        throw new Error('hostile');
      },
    },
  ],
  ['a revoked proxy', revokedProxy()],
];

describe('the wire form', () => {
  it('has the four fields and nothing else', () => {
    const error = new RpcException('taken', {
      code: 409,
      details: [1],
      metadata: { table: 'users' },
      cause: new Error('secret'),
    });
    expect(JSON.parse(errorToWire(error))).toEqual({
      error: 'taken',
      code: 409,
      details: [1],
      metadata: { table: 'users' },
    });
  });

  it('leaves out what there is not', () => {
    expect(errorToWire(new RpcException('x'))).toBe('{"error":"x","code":500}');
  });

  it('brings every code, message, details and metadata back', () => {
    const metadata = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(
        fc.record({ message: fc.string({ unit: 'binary' }), code: fc.constantFrom(...Object.values(RpcCode)) }),
        fc.option(fc.jsonValue({ maxDepth: 3 }), { nil: undefined }),
        fc.option(metadata, { nil: undefined }),
        ({ message, code }, details, metadata) => {
          const error = new RpcException(message, { code, details, metadata });
          const back = overTheWire(error);
          expect(back).toBeInstanceOf(RpcException);
          expect(back).toMatchObject({ message, code });
          expect(back.details).toEqual(plain(details));
          expect(back.metadata).toEqual(plain(metadata));
        },
      ),
    );
  });

  it('brings subclasses back', () => {
    expect(overTheWire(new TimeoutError('late'))).toBeInstanceOf(TimeoutError);
    const back = overTheWire(new ValidationError('bad', [{ message: 'too short', path: ['name', 0] }]));
    expect(back).toBeInstanceOf(ValidationError);
    expect(back.details).toEqual([{ message: 'too short', path: ['name', 0] }]);
  });

  it('does not carry a validation error without issues as one', () => {
    const back = errorFromWire({ error: 'x', code: 422, details: 'text' });
    expect(back.code).toBe(422);
    expect(back).not.toBeInstanceOf(ValidationError);
  });
});

describe('what JSON cannot hold', () => {
  it.each(unfit)('is left out of details: %s', (_name, details) => {
    const back = overTheWire(new RpcException('taken', { code: 409, details, metadata: { kept: true } }));
    expect(back).toMatchObject({ message: 'taken', code: 409, metadata: { kept: true } });
    expect(back.details).toBeUndefined();
  });

  it.each(unfit)('is left out of metadata, and details stay: %s', (_name, broken) => {
    const back = overTheWire(new RpcException('taken', { code: 409, details: { kept: true }, metadata: { broken } }));
    expect(back).toMatchObject({ message: 'taken', code: 409, details: { kept: true } });
    expect(back.metadata).toBeUndefined();
  });

  it.each(unfit)('is left out of both: %s', (_name, broken) => {
    const back = overTheWire(new RpcException('taken', { code: 409, details: broken, metadata: { broken } }));
    expect(back).toMatchObject({ message: 'taken', code: 409, details: undefined, metadata: undefined });
  });

  it('functions and symbols vanish as in JSON', () => {
    const back = overTheWire(new RpcException('x', { details: () => 1, metadata: { call: () => 1, name: 'n' } }));
    expect(back.details).toBeUndefined();
    expect(back.metadata).toEqual({ name: 'n' });
  });

  it('an exception whose message is no text is still told', () => {
    const error = Object.defineProperty(new RpcException('x', { code: 409 }), 'message', { value: cyclic });
    expect(errorFromWire(JSON.parse(errorToWire(error)))).toBeInstanceOf(RpcException);
  });
});

describe('errorFromWire', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'Internal error'],
    ['a number', 500],
    ['an array', [{ error: 'x', code: 500 }]],
    ['an empty object', {}],
    ['no code', { error: 'x' }],
    ['no message', { code: 404 }],
    ['a message that is no text', { error: { text: 'x' }, code: 404 }],
    ['a code of nobody', { error: 'x', code: 418 }],
    ['a code as text', { error: 'x', code: '404' }],
  ])('makes 500 that says so of %s', (_name, wire) => {
    const error = errorFromWire(wire);
    expect(error.code).toBe(500);
    expect(error.message).toContain('not in the wire form');
    expect(error.details).toBe(wire);
  });

  it.each([[[1]], ['text'], [1], [null]])('drops metadata that is no record: %j', (metadata) => {
    expect(errorFromWire({ error: 'x', code: 404, metadata }).metadata).toBeUndefined();
  });

  it('never throws, whatever came', () => {
    fc.assert(fc.property(fc.jsonValue(), (wire) => void errorFromWire(wire)));
  });
});

/** As JSON gives it back: -0 becomes 0. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
