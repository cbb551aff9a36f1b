import { RpcException } from './rpc-exception.ts';

/** For `catch` of a promise: rejects with `RpcException` only. */
export function rethrow(thrown: unknown): never {
  throw RpcException.from(thrown);
}
