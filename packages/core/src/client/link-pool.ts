import { RpcCode, RpcException, TimeoutError } from '../errors/index.ts';
import { BoundedWait, reasonText, type Session, type WaitingCall } from '../session/index.ts';

interface Waiting {
  readonly go: (session: Session) => void;
  readonly fail: (error: RpcException) => void;
}

/** The links of a client that calls can go over, and the calls that wait for one. */
export class LinkPool {
  readonly #name: string;
  readonly #maxWaiting: number;
  #ready: Session[] = [];
  readonly #waiting = new Set<Waiting>();
  #turn = 0;
  #closed = false;
  #goesOn = false;

  constructor(name: string, maxWaiting: number) {
    this.#name = name;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get isEmpty(): boolean {
    return this.#ready.length === 0;
  }

  /** The ready link with the fewest calls under way; among equals they take turns. */
  pick(): Session | undefined {
    // Not past those who wait.
    return this.#waiting.size > 0 ? undefined : this.#leastBusy();
  }

  #leastBusy(): Session | undefined {
    const ready = this.#ready;
    if (ready.length < 2) return ready[0];
    this.#turn = (this.#turn + 1) % ready.length;
    let best = ready[this.#turn] as Session;
    for (let step = 1; step < ready.length; step += 1) {
      const other = ready[(this.#turn + step) % ready.length] as Session;
      if (other.requester.pending < best.requester.pending) best = other;
    }
    return best;
  }

  /** Takes note of a session's state; who waits for a link goes on. */
  update(session: Session): void {
    if (this.#closed) return;
    const others = this.#ready.filter((other) => other !== session);
    this.#ready = session.state === 'ready' ? [...others, session] : others;
    if (session.state === 'ready') this.#goOnSoon();
  }

  /**
   * Runs `over` when there is a link, in the order of those who wait; within the call's deadline, and until it is given
   * up. Rejects with `RpcException` only.
   */
  wait<Result>(call: WaitingCall, over: (session: Session) => Promise<Result>): Promise<Result> {
    if (this.#waiting.size >= this.#maxWaiting) {
      const message = `${this.#waiting.size} calls wait for a link of ${this.#name} already (option "maxWaiting")`;
      return Promise.reject(new RpcException(message, { code: RpcCode.Overloaded }));
    }
    const late = () => new TimeoutError(`${this.#name} had no link in time`);
    const wait = new BoundedWait<Result>(call, late, () => this.#waiting.delete(waiting));
    const waiting: Waiting = { go: (session) => wait.goOn(() => over(session)), fail: (error) => wait.reject(error) };
    this.#waiting.add(waiting);
    if (!this.isEmpty) this.#goOnSoon();
    return wait.promise;
  }

  /** Later: a transport that tells of a link is not at home to a call before it has its receiver. */
  #goOnSoon(): void {
    if (this.#waiting.size === 0 || this.#goesOn) return;
    this.#goesOn = true;
    queueMicrotask(() => {
      this.#goesOn = false;
      this.#goOn();
    });
  }

  /** Who waits goes on, in order, and who comes meanwhile; what goes out first may end the link, or another's wait. */
  #goOn(): void {
    for (const waiting of this.#waiting) {
      const session = this.#leastBusy();
      if (session === undefined) return;
      waiting.go(session);
    }
  }

  /** No call goes out any more. */
  close(error: RpcException): void {
    this.#closed = true;
    this.#ready = [];
    this.failWaiting(error);
  }

  /** Everyone who waits has this outcome. */
  failWaiting(error: RpcException): void {
    for (const { fail } of [...this.#waiting]) fail(error);
  }
}

/** 503: there is no link, and the call does not wait for one. */
export function noLink(name: string, reason: unknown): RpcException {
  if (reason instanceof RpcException && reason.code === RpcCode.Unavailable) return reason;
  const why = reason === undefined ? '' : `: ${reasonText(reason)}`;
  return new RpcException(`${name} is not connected${why}`, { code: RpcCode.Unavailable, cause: reason });
}
