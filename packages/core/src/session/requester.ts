import {
  Bag,
  CallTable,
  CallWatch,
  type OutgoingCall,
  type PendingCall,
  StreamCall,
  UnaryCall,
} from '../correlation/index.ts';
import { observe } from '../dispatch/index.ts';
import {
  type Answer,
  type Body,
  type Codec,
  contentTypeOf,
  encodePayload,
  jsonCodec,
  type Request,
} from '../envelope/index.ts';
import { errorFromWire, RpcCode, RpcException, TimeoutError } from '../errors/index.ts';
import type { Link } from '../seam/index.ts';
import { BoundedWait } from './bounded-wait.ts';
import { connectionLost, silentService, unsent } from './link-errors.ts';
import { cancelled } from './prepare-call.ts';

/** What the asking half of a session takes from its endpoint's options. */
export interface RequesterOptions {
  readonly codec: Codec;
  readonly leaseInterval: number;
}

/** The asking half of a session: sends calls over one link and settles them, every one, whatever comes back. */
export class Requester {
  readonly #link: Link;
  readonly #codec: Codec;
  readonly #calls = new CallTable<PendingCall>();
  /** Events that wait for their acknowledgement. */
  readonly #unacknowledged = new Bag<BoundedWait<void>>();
  readonly #watch: CallWatch<PendingCall>;

  constructor(link: Link, options: RequesterOptions) {
    this.#link = link;
    this.#codec = options.codec;
    this.#watch = new CallWatch(this.#calls, options.leaseInterval, {
      expired: (call) =>
        this.#giveUp(call, new TimeoutError(`No answer from "${call.pattern}" within ${call.timeout} ms`)),
      renew: (call) => this.#grant(call),
      silent: (call, silence) => this.#giveUp(call, silentService(call.pattern, silence)),
    });
  }

  /** Calls and events that are not settled. */
  get pending(): number {
    return this.#calls.size + this.#unacknowledged.size;
  }

  /**
   * Resolves with the decoded reply; rejects with `RpcException` only.
   *
   * @param now the clock, where the caller has just read it: that takes as long as parsing a small body
   */
  send(call: OutgoingCall, now = performance.now()): Promise<unknown> {
    return new Promise((resolve, reject) => this.#begin(new UnaryCall(call, now, resolve, reject), call, now));
  }

  /** The request leaves at once; at most `buffer` replies lie unread. */
  stream(call: OutgoingCall, buffer: number): AsyncIterator<unknown, undefined> {
    const now = performance.now();
    const pending = new StreamCall(call, now, buffer, {
      grant: (granting) => this.#grant(granting),
      leave: (leaving) => this.#cancel(leaving),
    });
    this.#begin(pending, call, now);
    return pending;
  }

  /** Resolves when the link has taken it, or, where the link acknowledges, when that came. */
  emit(call: OutgoingCall, key: string | undefined, now = performance.now()): Promise<void> {
    try {
      checkInTime(call, now);
      const { pattern, headers, data } = call;
      const body = encodePayload(data, this.#codec, this.#link.maxBody);
      const contentType = contentTypeOf(data, this.#codec);
      const sent = this.#link.send({ kind: 'event', pattern, headers, contentType, body, key });
      return sent === undefined ? taken : this.#acknowledged(sent, call);
    } catch (thrown) {
      return Promise.reject(RpcException.from(thrown));
    }
  }

  /** An answer came. */
  answer(answer: Answer): void {
    const call = this.#calls.get(answer.id);
    if (call === undefined || (call.from !== undefined && call.from !== answer.from)) {
      this.#refuse(answer);
      return;
    }
    // A plain defer does not bind: if its instance dies, another may take the request over and answer it.
    if (answer.kind !== 'defer' || answer.timeout === 0) call.from = answer.from;
    if (answer.seq !== undefined && !this.#isNext(call, answer.seq, answer.kind !== 'defer')) return;
    try {
      this.#apply(call, answer);
    } catch (thrown) {
      this.#cancel(call);
      call.fail(unreadable(call.pattern, RpcException.from(thrown)));
    }
  }

  /** This side goes away: the other one need not go on with what it was asked. */
  cancelAll(reason: string): void {
    for (const call of this.#calls.all()) this.#giveUp(call, connectionLost(`"${call.pattern}"`, reason));
  }

  /** Everything that is under way has this outcome. */
  failAll(error: (call: string) => RpcException): void {
    for (const call of this.#calls.all()) {
      this.#forget(call);
      call.fail(error(`"${call.pattern}"`));
    }
    for (const wait of [...this.#unacknowledged.all]) wait.reject(error('an event'));
    this.#watch.clear();
  }

  #begin(pending: PendingCall, call: OutgoingCall, now: number): void {
    try {
      checkInTime(call, now);
      const { pattern, headers, data } = call;
      const body = encodePayload(data, this.#codec, this.#link.maxBody);
      pending.id = this.#calls.nextId();
      this.#calls.add(pending);
      this.#watch.deadline(call.deadline);
      pending.unwatch = call.onAbort?.((reason) => this.#giveUp(pending, cancelled(reason)));
      // Given up since it was prepared: nothing is to be sent.
      if (call.onAbort !== undefined && this.#calls.get(pending.id) !== pending) return;
      const contentType = contentTypeOf(data, this.#codec);
      const { id, credit, timeout } = pending;
      const request: Request = { kind: 'request', id, pattern, headers, contentType, body, timeout, credit };
      pending.sent = true;
      const sent = this.#link.send(request);
      if (sent !== undefined) sent.catch((reason: unknown) => this.#fail(pending, unsent(pattern, reason)));
    } catch (thrown) {
      this.#forget(pending);
      pending.fail(RpcException.from(thrown));
    }
  }

  #apply(call: PendingCall, answer: Answer): void {
    this.#watch.heard(call);
    switch (answer.kind) {
      case 'reply':
        if (answer.last) this.#forget(call);
        else if (call.credit > 0) this.#streaming(call);
        call.reply(answer, this.#codec);
        return;
      case 'complete':
        this.#forget(call);
        call.complete();
        return;
      case 'error':
        this.#fail(call, failureOf(answer.body));
        return;
      case 'defer':
        if (answer.timeout > 0) this.#postpone(call, answer.timeout);
        else if (call.credit > 0) this.#streaming(call);
    }
  }

  /** A stream has begun: from here it has no deadline of its own, and on a broker both sides hold a lease. */
  #streaming(call: PendingCall): void {
    this.#postpone(call, Number.POSITIVE_INFINITY);
    if (!this.#link.shared) this.#watch.lease(call);
  }

  #postpone(call: PendingCall, milliseconds: number): void {
    const now = performance.now();
    const before = call.deadline;
    call.deadline = Math.min(Math.ceil(now + milliseconds), call.limit ?? Number.POSITIVE_INFINITY);
    const isKnown = before !== Number.POSITIVE_INFINITY;
    call.timeout = isKnown ? call.timeout + Math.round(call.deadline - before) : Math.round(call.deadline - now);
    this.#watch.deadline(call.deadline);
  }

  /** @returns false when the answer is a double, or when one is missing, which ends the call. */
  #isNext(call: PendingCall, seq: number, counts: boolean): boolean {
    if (seq < call.seen) return false;
    if (seq > call.seen) {
      const error = new RpcException(
        `Replies of "${call.pattern}" were lost: ${seq - call.seen} are missing after ${call.seen}`,
        {
          code: RpcCode.ConnectionLost,
        },
      );
      this.#giveUp(call, error);
      return false;
    }
    if (counts) call.seen += 1;
    return true;
  }

  /** An answer that nobody waits for. Who would go on sending more is told not to. */
  #refuse(answer: Answer): void {
    const ends = answer.kind === 'error' || answer.kind === 'complete' || (answer.kind === 'reply' && answer.last);
    if (ends || answer.from === undefined) return;
    observe(this.#link.send({ kind: 'cancel', id: answer.id, to: answer.from, pattern: '' }));
  }

  #grant(call: PendingCall): void {
    const { id, from, pattern, credit } = call;
    observe(this.#link.send({ kind: 'credit', id, to: from, pattern, total: credit }));
  }

  /** Forgets the call and tells the handling side. */
  #cancel(call: PendingCall): void {
    // An answer that ends a call has removed it before; then there is nothing left to cancel.
    if (!this.#forget(call) || !call.sent) return;
    const { id, from, pattern } = call;
    observe(this.#link.send({ kind: 'cancel', id, to: from, pattern }));
  }

  #giveUp(call: PendingCall, error: RpcException): void {
    this.#cancel(call);
    call.fail(error);
  }

  #fail(call: PendingCall, error: RpcException): void {
    if (this.#forget(call)) call.fail(error);
  }

  #forget(call: PendingCall): boolean {
    call.unwatch?.();
    call.unwatch = undefined;
    return this.#calls.delete(call);
  }

  #acknowledged(sent: Promise<void>, call: OutgoingCall): Promise<void> {
    const late = () => new TimeoutError(`The event "${call.pattern}" was not acknowledged in time`);
    const wait = new BoundedWait<void>(call, late, () => this.#unacknowledged.delete(wait));
    this.#unacknowledged.add(wait);
    sent.then(
      () => wait.resolve(),
      (reason: unknown) =>
        wait.reject(reason instanceof RpcException ? reason : connectionLost(`the event "${call.pattern}"`, reason)),
    );
    return wait.promise;
  }
}

/** What `emit` gives when nothing is to be waited for: the same one, since there may be a million of them in a second. */
const taken = Promise.resolve();

/** @throws TimeoutError when the deadline has passed. */
function checkInTime({ deadline, pattern }: OutgoingCall, now: number): void {
  if (deadline <= now) throw new TimeoutError(`No time is left for "${pattern}"`);
}

/** What is wrong with a reply is not the caller's fault. */
function unreadable(pattern: string, error: RpcException): RpcException {
  if (error.code !== RpcCode.BadRequest) return error;
  return new RpcException(`The reply of "${pattern}" cannot be read: ${error.message}`, { cause: error });
}

function failureOf(body: Body): RpcException {
  try {
    return errorFromWire(body === undefined ? undefined : jsonCodec.decode(body));
  } catch {
    return errorFromWire(body);
  }
}
