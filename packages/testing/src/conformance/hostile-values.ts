/** What a handler may throw; every text in it holds `secret`, which no caller may see. */
export const throwables: ReadonlyMap<string, () => never> = new Map(
  Object.entries({
    'an Error': () => {
      throw new Error('secret');
    },
    'an Error with a secret name': () => {
      throw Object.assign(new TypeError('secret'), { name: 'secret', code: 404, details: 'secret' });
    },
    'a string': () => {
      throw 'secret'; // oxlint-disable-line typescript/only-throw-error -- Handlers do.
    },
    undefined: () => {
      throw undefined; // oxlint-disable-line typescript/only-throw-error
    },
    null: () => {
      throw null; // oxlint-disable-line typescript/only-throw-error
    },
    'a number that is a code': () => {
      throw 404; // oxlint-disable-line typescript/only-throw-error
    },
    'a symbol': () => {
      throw Symbol('secret'); // oxlint-disable-line typescript/only-throw-error
    },
    'a frozen object': () => {
      throw Object.freeze({ message: 'secret', code: 404, error: 'secret' }); // oxlint-disable-line typescript/only-throw-error
    },
    'a frozen Error': () => {
      throw Object.freeze(new Error('secret')); // oxlint-disable-line typescript/only-throw-error
    },
    'an Error with a cyclic cause': () => {
      const error = new Error('secret');
      error.cause = error;
      throw error;
    },
    'an Error whose getters throw': () => {
      const error = new Error('secret');
      for (const field of ['message', 'stack', 'name', 'code', 'cause']) {
        Object.defineProperty(error, field, { get: () => fail('secret getter') });
      }
      throw error;
    },
    'a Proxy whose traps throw': () => {
      throw hostileProxy(); // oxlint-disable-line typescript/only-throw-error
    },
    'a revoked Proxy': () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      throw proxy; // oxlint-disable-line typescript/only-throw-error
    },
    'an object without a prototype': () => {
      throw Object.assign(Object.create(null) as object, { message: 'secret' }); // oxlint-disable-line typescript/only-throw-error
    },
    'a function': () => {
      throw () => 'secret'; // oxlint-disable-line typescript/only-throw-error
    },
    'an AggregateError': () => {
      throw new AggregateError([new Error('secret')], 'secret');
    },
  }),
);

/** What no codec can encode. */
export const cannotBeSent: ReadonlyMap<string, () => unknown> = new Map(
  Object.entries({
    'a BigInt': () => 1n,
    'a cyclic object': () => {
      const cyclic: Record<string, unknown> = {};
      cyclic['self'] = cyclic;
      return cyclic;
    },
    'an object whose getter throws': () => ({
      get value() {
        return fail('secret getter');
      },
    }),
    'an object whose toJSON throws': () => ({ toJSON: () => fail('secret toJSON') }),
    'an object that only looks like an Observable': () => ({
      get subscribe() {
        return fail('secret subscribe');
      },
    }),
    'a Proxy whose traps throw': hostileProxy,
    'a function': () => () => 'secret',
  }),
);

function hostileProxy(): object {
  const trap = () => fail('secret trap');
  return new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap });
}

function fail(message: string): never {
  throw new Error(message);
}
