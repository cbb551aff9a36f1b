/** Counts what an endpoint handles at once, over all of its links. No I/O, no timers. */
export class Workload {
  readonly #limit: number;
  #running = 0;
  #roomWaiters: (() => void)[] = [];
  #idleWaiters: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  get room(): number {
    return Math.max(0, this.#limit - this.#running);
  }

  enter(): void {
    this.#running += 1;
  }

  leave(): void {
    this.#running -= 1;
    if (this.#roomWaiters.length > 0 && this.room > 0) this.#wake('room');
    if (this.#running === 0 && this.#idleWaiters.length > 0) this.#wake('idle');
  }

  /** Resolves at once when there is room. */
  whenRoom(): Promise<void> {
    if (this.room > 0) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Resolves at once when nothing runs. */
  whenIdle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #wake(what: 'room' | 'idle'): void {
    const waiters = what === 'room' ? this.#roomWaiters : this.#idleWaiters;
    if (what === 'room') this.#roomWaiters = [];
    else this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
