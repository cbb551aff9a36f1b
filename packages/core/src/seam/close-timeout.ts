import { RpcCode, RpcException } from '../errors/index.ts';
import { checkIsObject, maxTimerDelay, show } from './options.ts';

/**
 * The `timeout` of a `close`, in milliseconds; 10 000 when none is given. `Infinity` is as long as it takes, though no
 * longer than a timer can wait (24.8 days).
 *
 * @throws RpcException 400
 */
export function closeTimeout(options: { readonly timeout?: number | undefined } = {}): number {
  checkIsObject('close', options ?? null);
  const { timeout = 10_000 } = options;
  if (typeof timeout === 'number' && timeout >= 0) return Math.min(timeout, maxTimerDelay);
  throw new RpcException(`close: timeout must be milliseconds of at least 0, got ${show(timeout)}`, {
    code: RpcCode.BadRequest,
  });
}
