import type { AnyCallOptions, AnyStreamOptions, EmitOptions } from '../context/index.ts';
import { attempt } from '../dispatch/index.ts';
import { rethrow } from '../errors/index.ts';
import type { Target } from '../session/index.ts';

/** A call on its way out, before it is checked. */
export interface ClientCall {
  readonly kind: 'send' | 'stream' | 'emit';
  readonly target: Target;
  readonly data: unknown;
  readonly options: AnyCallOptions & AnyStreamOptions & EmitOptions;
  /** The token or name of the client. */
  readonly client: string;
}

/**
 * Runs around every call of a client, its retries included: auth headers, logging, metrics. `next(call)` with another
 * call changes it. For a stream `next` resolves with the AsyncIterable of the replies.
 */
export type ClientInterceptor = (call: ClientCall, next: (call?: ClientCall) => Promise<unknown>) => unknown;

/** The first interceptor is the outermost. Rejects with `RpcException` only, whatever they throw. */
export function composeClient(
  interceptors: readonly ClientInterceptor[],
  last: (call: ClientCall) => Promise<unknown>,
): (call: ClientCall) => Promise<unknown> {
  const chain = interceptors.reduceRight<(call: ClientCall) => unknown>(
    (next, interceptor) => (call) => interceptor(call, (changed = call) => attempt(next, changed)),
    last,
  );
  return (call) => attempt(chain, call).catch(rethrow);
}
