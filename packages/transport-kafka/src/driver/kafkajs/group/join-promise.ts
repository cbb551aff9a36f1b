import type { RpcException } from '@parley/core/transport';

/** What those wait for who want to know that it has joined. */
export interface JoinPromise {
  readonly promise: Promise<void>;
  readonly settled: boolean;
  resolve(): void;
  reject(reason: RpcException): void;
}

export function joinPromise(): JoinPromise {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Whoever waits for it looks at it; if nobody does, nobody wants to know.
  promise.catch(() => undefined);
  let isSettled = false;
  return {
    promise,
    get settled() {
      return isSettled;
    },
    resolve: () => {
      isSettled = true;
      resolve();
    },
    reject: (reason) => {
      isSettled = true;
      reject(reason);
    },
  };
}
