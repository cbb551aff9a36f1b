/** Runs tasks of one lane one after the other, in the order they came; those of different lanes side by side. */
export class Lanes {
  /** What waits behind the running task of each lane that has one. */
  readonly #waiting = new Map<string, (() => Promise<void>)[]>();

  /** `task` must not reject. Without a lane, or in one that is free, it starts at once. */
  run(lane: string | undefined, task: () => Promise<void>): void {
    if (lane === undefined) {
      void task();
      return;
    }
    const waiting = this.#waiting.get(lane);
    if (waiting !== undefined) waiting.push(task);
    else void this.#work(lane, task);
  }

  async #work(lane: string, first: () => Promise<void>): Promise<void> {
    const waiting: (() => Promise<void>)[] = [];
    this.#waiting.set(lane, waiting);
    for (let task: (() => Promise<void>) | undefined = first; task !== undefined; task = waiting.shift()) await task();
    this.#waiting.delete(lane);
  }
}
