import { runOutsideContext } from '../context/index.ts';
import { maxTimerDelay } from '../seam/index.ts';

/**
 * One timer for the soonest of many deadlines: a `setTimeout` per call costs 300 ns. When it fires, the owner sweeps
 * its calls. A call that ends before its deadline tells nobody; at worst a sweep finds nothing.
 */
export class DeadlineTimer {
  readonly #sweep: (now: number) => number;
  #timer: NodeJS.Timeout | undefined;
  #next = Number.POSITIVE_INFINITY;
  #clears = 0;

  /** @param sweep ends what is due at `now` and returns the soonest deadline that is left, or `Infinity`. */
  constructor(sweep: (now: number) => number) {
    this.#sweep = sweep;
  }

  /** @param deadline by `performance.now()`; `Infinity` is none. */
  add(deadline: number): void {
    if (deadline < this.#next) this.#arm(deadline);
  }

  clear(): void {
    this.#clears += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next = Number.POSITIVE_INFINITY;
  }

  #arm(deadline: number): void {
    clearTimeout(this.#timer);
    this.#next = deadline;
    const delay = Math.min(maxTimerDelay, Math.max(1, Math.ceil(deadline - performance.now())));
    // It goes on for others when the handler that made the call is long over.
    this.#timer = runOutsideContext(() => setTimeout(() => this.#fire(), delay));
  }

  #fire(): void {
    this.#next = Number.POSITIVE_INFINITY;
    this.#timer = undefined;
    const clears = this.#clears;
    const soonest = this.#sweep(performance.now());
    // A sweep may itself have added one that is sooner, or cleared all.
    if (soonest < this.#next && clears === this.#clears) this.#arm(soonest);
  }
}
