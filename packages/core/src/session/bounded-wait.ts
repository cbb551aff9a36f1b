import type { OutgoingCall, Placed } from '../correlation/index.ts';
import type { RpcException } from '../errors/index.ts';
import { maxTimerDelay } from '../seam/index.ts';
import { cancelled } from './prepare-call.ts';

/** What a wait needs to know of its call. */
export type WaitingCall = Pick<OutgoingCall, 'deadline' | 'onAbort'>;

/** Something that a call waits for, no longer than its deadline and until it is given up. Settles once. */
export class BoundedWait<Value> implements Placed {
  /** Of whoever keeps those that are not over. */
  place = 0;
  readonly promise: Promise<Value>;
  readonly #resolvers = Promise.withResolvers<Value>();
  readonly #ended: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #unwatch: (() => void) | undefined;
  #isOver = false;

  /**
   * @param late the error when the deadline passes first
   * @param ended called when it is over, however it ends; not before the constructor has returned
   */
  constructor({ deadline, onAbort }: WaitingCall, late: () => RpcException, ended: () => void) {
    this.promise = this.#resolvers.promise;
    this.#ended = ended;
    const left = deadline - performance.now();
    if (left !== Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.reject(late()), Math.min(maxTimerDelay, Math.max(1, Math.ceil(left))));
    this.#unwatch = onAbort?.((reason) => queueMicrotask(() => this.reject(cancelled(reason))));
  }

  /** What was waited for is there: what `start` begins has the outcome. It is not begun when the wait is over. */
  goOn(start: () => Promise<Value>): void {
    if (this.#end()) this.#resolvers.resolve(start());
  }

  resolve(value: Value): void {
    if (this.#end()) this.#resolvers.resolve(value);
  }

  reject(error: RpcException): void {
    if (this.#end()) this.#resolvers.reject(error);
  }

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#unwatch?.();
    this.#ended();
    return true;
  }
}
