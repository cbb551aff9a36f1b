/** Does something again and again, each time so long after the last time has ended. */
export class Repeating {
  readonly #interval: number;
  readonly #work: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** @param work must not reject. */
  constructor(interval: number, work: () => Promise<void>) {
    this.#interval = interval;
    this.#work = work;
    this.#wait();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      void this.#work().then(() => {
        if (!this.#isStopped) this.#wait();
      });
    }, this.#interval);
  }
}
