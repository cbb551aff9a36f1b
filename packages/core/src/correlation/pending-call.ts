import type { Body, Headers } from '../envelope/index.ts';
import type { RpcException } from '../errors/index.ts';

/** A call as the client prepares it, before a link is chosen. */
export interface OutgoingCall {
  /** The key of the pattern. */
  readonly pattern: string;
  readonly data: unknown;
  readonly headers: Headers | undefined;
  /** By `performance.now()`; `Infinity`: none. */
  readonly deadline: number;
  /** What the deadline may be moved to at most: the one inherited from the handler that makes the call. */
  readonly limit: number;
  /** Tells once when the call is given up; returns its undo. */
  readonly onAbort: ((listener: (reason: unknown) => void) => () => void) | undefined;
}

/** A call that was sent and is not settled. The hot fields only; how it settles is the subclass's. */
export abstract class PendingCall {
  /** Given when it is sent. */
  id = 0;
  readonly pattern: string;
  deadline: number;
  readonly limit: number;
  /** The instance that the call is bound to: the first that answered. */
  from: string | undefined = undefined;
  /** By `performance.now()`. */
  sentAt = 0;
  /** Whether the other side may know of it. */
  sent = false;
  /** Answers seen, where they are numbered. */
  seen = 0;
  /** When the other side gave its last sign of life; only kept for a stream under lease. */
  heardAt = Number.POSITIVE_INFINITY;
  /** Stops listening to the caller's signal. */
  unwatch: (() => void) | undefined = undefined;

  constructor({ pattern, deadline, limit }: OutgoingCall) {
    this.pattern = pattern;
    this.deadline = deadline;
    this.limit = limit;
  }

  /** Replies that may have been sent since the call began. 0: only the last one is wanted. */
  abstract get credit(): number;
  /** A reply; `last`: the call is settled. @throws RpcException when the body cannot be decoded. */
  abstract reply(body: Body, contentType: string | undefined, last: boolean): void;
  /** The call ended without a further reply. */
  abstract complete(): void;
  abstract fail(error: RpcException): void;
}
