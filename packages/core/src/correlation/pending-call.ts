import type { Codec, Headers, Reply } from '../envelope/index.ts';
import type { RpcException } from '../errors/index.ts';
import type { Schema } from '../patterns/index.ts';

/** A call as the client prepares it, before a link is chosen. */
export interface OutgoingCall {
  /** The key of the pattern. */
  readonly pattern: string;
  readonly data: unknown;
  readonly headers: Headers | undefined;
  /** By `performance.now()`, as all times here. */
  readonly preparedAt: number;
  /** `Infinity`: none. */
  readonly deadline: number;
  /** What the deadline may be moved to at most: the one inherited from the handler that makes the call. */
  readonly limit: number | undefined;
  /** What each reply must satisfy. */
  readonly schema: Schema | undefined;
  /** Tells once when the call is given up; returns its undo. */
  readonly onAbort: ((listener: (reason: unknown) => void) => () => void) | undefined;
}

/**
 * A call that was sent and is not settled; how it settles is the subclass's. Thousands of them wait at once: `undefined`
 * takes less memory than `Infinity`.
 */
export abstract class PendingCall {
  /** Given when it is sent. */
  id = 0;
  readonly pattern: string;
  deadline: number;
  readonly limit: number | undefined;
  /** The instance that the call is bound to: the first that answered. */
  from: string | undefined = undefined;
  /** Milliseconds from when it was sent to its deadline; 0: no limit. */
  timeout: number;
  /** Whether the other side may know of it. */
  sent = false;
  /** Answers seen, where they are numbered. */
  seen = 0;
  /** When the other side gave its last sign of life; only kept for a stream under lease. */
  heardAt: number | undefined = undefined;
  /** Stops listening to the caller's signal. */
  unwatch: (() => void) | undefined = undefined;

  constructor({ pattern, deadline, limit }: OutgoingCall, now: number) {
    this.pattern = pattern;
    this.deadline = deadline;
    this.limit = limit;
    this.timeout = deadline === Number.POSITIVE_INFINITY ? 0 : Math.max(1, Math.floor(deadline - now));
  }

  /** Replies that may have been sent since the call began. 0: only the last one is wanted. */
  abstract get credit(): number;
  /** The last one settles the call. Throws when the body cannot be decoded, or is not what it must be. */
  abstract reply(reply: Reply, codec: Codec): void;
  /** The call ended without a further reply. Throws as `reply` does. */
  abstract complete(): void;
  abstract fail(error: RpcException): void;
}
