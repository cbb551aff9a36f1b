import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RpcCode } from './codes.ts';
import type * as Module from './rpc-exception.ts';
import { RpcException, TimeoutError, ValidationError } from './rpc-exception.ts';

/** A second copy of the module, as when two versions of the package are installed. */
async function otherCopy(): Promise<typeof Module> {
  const url = './rpc-exception.ts?another-copy';
  return (await import(/* @vite-ignore */ url)) as typeof Module;
}

const throws = () => {
  throw new Error('hostile');
};

/** Refuses everything that can be asked of an object. */
function hostileProxy(target: object = {}): object {
  const names = Object.getOwnPropertyNames(Reflect) as (keyof ProxyHandler<object>)[];
  return new Proxy(target, Object.fromEntries(names.map((name) => [name, throws])));
}

function cyclicError(): Error {
  const error = new Error('cyclic');
  error.cause = { error };
  return error;
}

function getterError(): Error {
  const error = new Error('x');
  for (const name of ['message', 'stack', 'cause', 'name', 'code']) Object.defineProperty(error, name, { get: throws });
  return error;
}

describe('RpcException', () => {
  it('is 500 unless told otherwise, and an Error with a stack', () => {
    const error = new RpcException('broken');
    expect(error).toMatchObject({ message: 'broken', code: 500, name: 'RpcException', codeName: 'Internal' });
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain('rpc-exception.test');
    expect(error.details).toBeUndefined();
    expect(error.metadata).toBeUndefined();
    expect('cause' in error).toBe(false);
  });

  it('keeps what it is given', () => {
    const cause = new Error('why');
    const error = new RpcException('taken', { code: 409, details: [1], metadata: { table: 'users' }, cause });
    expect(error).toMatchObject({ code: 409, codeName: 'Conflict', details: [1], metadata: { table: 'users' }, cause });
  });

  it('keeps a cause that is undefined, and details that are null', () => {
    const error = new RpcException('x', { cause: undefined, details: null });
    expect('cause' in error).toBe(true);
    expect(error.details).toBeNull();
  });

  it.each([200, 0, Number.NaN, '404', 404.5])('refuses the code %s', (code) => {
    expect(() => new RpcException('x', { code: code as RpcCode })).toThrow(TypeError);
  });

  it('prints its own name, not "Error"', () => {
    expect(String(new RpcException('broken'))).toBe('RpcException: broken');
    expect(String(new TimeoutError('late'))).toBe('TimeoutError: late');
    expect(String(new ValidationError('bad', []))).toBe('ValidationError: bad');
  });

  it('is in JSON what it is on the wire: no stack, no cause', () => {
    const error = new RpcException('taken', {
      code: 409,
      details: [1],
      metadata: { a: 1 },
      cause: new Error('secret'),
    });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: { error: 'taken', code: 409, details: [1], metadata: { a: 1 } },
    });
    expect(JSON.stringify(new RpcException('x'))).toBe('{"error":"x","code":500}');
  });

  it('can be subclassed', () => {
    class NotFound extends RpcException {}
    const error = new NotFound('no user', { code: RpcCode.Conflict });
    expect(error).toBeInstanceOf(NotFound);
    expect(error).toBeInstanceOf(RpcException);
    expect(new RpcException('x')).not.toBeInstanceOf(NotFound);
  });
});

describe('RpcException.from', () => {
  it('gives an exception back as it is, subclasses and frozen ones included', () => {
    const errors = [new RpcException('x'), new TimeoutError('x'), new ValidationError('x', [])];
    for (const error of [...errors, Object.freeze(new RpcException('x'))]) expect(RpcException.from(error)).toBe(error);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['text', 'oops'],
    ['empty text', ''],
    ['a number', Number.NaN],
    ['a bigint', 1n],
    ['a symbol', Symbol('oops')],
    ['a function', throws],
    ['an Error', new Error('secret')],
    ['an Error that is its own cause', cyclicError()],
    ['a frozen object', Object.freeze({ message: 'secret' })],
    ['an object without a prototype', Object.create(null)],
    ['an Error whose getters throw', getterError()],
    ['a proxy that throws on everything', hostileProxy()],
    ['a proxy of an exception that throws on everything', hostileProxy(new RpcException('x'))],
    ['a revoked proxy', revokedProxy()],
    ['an object that only has the brand', { [Symbol.for('parley.RpcException')]: true, code: 418 }],
    ['an Error of another realm', runInNewContext('new Error("secret")')],
  ])('makes 500 "Internal error" of %s, and keeps it as the cause', (_name, thrown) => {
    const error = RpcException.from(thrown);
    expect(Object.is(error.cause, thrown)).toBe(true);
    expect(error.message).toBe('Internal error');
    expect(error.code).toBe(500);
    expect(error.details).toBeUndefined();
    expect(error.metadata).toBeUndefined();
  });

  it('never throws, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }), (thrown) => {
        expect(RpcException.from(thrown)).toBeInstanceOf(RpcException);
      }),
    );
  });
});

describe('instanceof', () => {
  it('TimeoutError is every 408, ValidationError every 422 with issues', () => {
    expect(new RpcException('x', { code: 408 })).toBeInstanceOf(TimeoutError);
    expect(new RpcException('x', { code: 422, details: [] })).toBeInstanceOf(ValidationError);
    expect(new RpcException('x', { code: 422, details: 'text' })).not.toBeInstanceOf(ValidationError);
    expect(new RpcException('x', { code: 500 })).not.toBeInstanceOf(TimeoutError);
  });

  it.each([undefined, null, 'x', {}, new Error('x'), hostileProxy(), hostileProxy(new TimeoutError('x'))])(
    'does not hold, and does not throw, for what is none of ours (%#)',
    (value) => {
      for (const type of [RpcException, TimeoutError, ValidationError]) expect(value instanceof type).toBe(false);
    },
  );

  it('a subclass of TimeoutError or ValidationError is not every 408 or 422', () => {
    class LockTimeout extends TimeoutError {}
    class FormError extends ValidationError {}
    expect(new LockTimeout('x')).toBeInstanceOf(LockTimeout);
    expect(new FormError('x', [])).toBeInstanceOf(FormError);
    expect(new TimeoutError('x')).not.toBeInstanceOf(LockTimeout);
    expect(new ValidationError('x', [])).not.toBeInstanceOf(FormError);
  });

  it('holds across two copies of the package, both ways', async () => {
    const other = await otherCopy();
    expect(other.RpcException).not.toBe(RpcException);
    expect(new other.RpcException('x')).toBeInstanceOf(RpcException);
    expect(new RpcException('x')).toBeInstanceOf(other.RpcException);
    expect(new other.TimeoutError('x')).toBeInstanceOf(TimeoutError);
    expect(new ValidationError('x', [])).toBeInstanceOf(other.ValidationError);
    expect(new other.TimeoutError('x')).not.toBeInstanceOf(ValidationError);
  });

  it('another copy’s exception goes through `from` untouched', async () => {
    const other = await otherCopy();
    const error = new other.RpcException('theirs', { code: 403, details: { a: 1 } });
    expect(RpcException.from(error)).toBe(error);
  });
});

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

it('classes keep their names through bundlers, and a thrown promise is looked at', async () => {
  expect([RpcException, TimeoutError, ValidationError].map(({ name }) => name)).toEqual([
    'RpcException',
    'TimeoutError',
    'ValidationError',
  ]);
  // Else vitest fails on an unhandled rejection.
  expect(RpcException.from(Promise.reject(new Error('nobody')))).toMatchObject({ code: 500 });
  await new Promise((resolve) => setImmediate(resolve));
});
