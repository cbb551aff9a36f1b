/** Runs tasks of one lane one after the other, in the order they came; those of different lanes side by side. */
export class Lanes {
  readonly #tails = new Map<string, Promise<void>>();

  /** `task` must not reject. Without a lane it starts at once. */
  run(lane: string | undefined, task: () => Promise<void>): void {
    const before = lane === undefined ? undefined : this.#tails.get(lane);
    const running = before === undefined ? task() : before.then(task);
    if (lane === undefined) return;
    this.#tails.set(lane, running);
    void running.then(() => {
      if (this.#tails.get(lane) === running) this.#tails.delete(lane);
    });
  }
}
