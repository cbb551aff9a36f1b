import type { Schema } from '../patterns/index.ts';
import type { BackoffOptions } from '../seam/index.ts';

/** What a single call may say of itself. */
export interface CallOptions<Response extends Schema | undefined = undefined> {
  /**
   * Milliseconds until the call must be answered, waiting for a link and all retries included; of a stream, until its
   * first answer. Default: the client's `timeout` (20 000); 0: no limit. Inside a handler never more than what is
   * left of the handler's own deadline.
   */
  readonly timeout?: number | undefined;
  /** Every reply must satisfy it, and comes as its output. Comes before the contract's `reply`. */
  readonly responseType?: Response | undefined;
  /** Aborting it cancels the call: it rejects with 499, and the handler's `ctx.signal` aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Lower case ASCII names, string values, 8 KiB in all, else 400. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: no retries. */
  readonly retry?: CallRetry | undefined;
}

/**
 * Repeats a call that failed: after 503 and 429 always (no handler saw it), after 502 and 408 only with a contract
 * that says `idempotent: true`. All within the timeout, each with a new correlation id.
 */
export interface CallRetry {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** Default: 50 ms, doubled up to 2 000 ms, jittered. */
  readonly backoff?: BackoffOptions | undefined;
}

export interface StreamOptions<Response extends Schema | undefined = undefined> extends CallOptions<Response> {
  /** Replies that may be under way and unread at once. Default: the client's `buffer` (128). */
  readonly buffer?: number | undefined;
}

export interface EmitOptions extends Omit<CallOptions, 'responseType'> {
  /** Events of one key stay in order, where the transport has order (Kafka). */
  readonly key?: string | undefined;
}

/** Options with any `responseType`, or none. */
export type AnyCallOptions = CallOptions<Schema | undefined>;
export type AnyStreamOptions = StreamOptions<Schema | undefined>;
