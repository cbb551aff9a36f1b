import { RpcCode, RpcException } from '@parley/core/transport';

/** What becomes of a message that there is no way out for. */
export const unsent = new RpcException('Redis is not connected', { code: RpcCode.Unavailable });

/** It was never written: nobody can have got it. */
export function isUnsent(error: unknown): boolean {
  return error === unsent;
}
