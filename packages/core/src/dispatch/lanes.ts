/** Runs tasks of one lane one after the other, in the order they came; those of different lanes side by side. */
export class Lanes {
  /** What waits behind the running task of each lane that has one. */
  readonly #waiting = new Map<string, Task[]>();

  /**
   * Without a lane, or in one that is free, `task` starts at once. One that is through when it returns gives `undefined`.
   * It must neither throw nor reject.
   */
  run(lane: string | undefined, task: Task): void {
    if (lane === undefined) {
      void task();
      return;
    }
    const waiting = this.#waiting.get(lane);
    if (waiting !== undefined) waiting.push(task);
    else this.#begin(lane, task);
  }

  /** Also for the first task of a lane: it may queue others behind itself. */
  #begin(lane: string, task: Task): void {
    const waiting: Task[] = [];
    this.#waiting.set(lane, waiting);
    const running = task();
    if (running === undefined && waiting.length === 0) this.#waiting.delete(lane);
    else void this.#goOn(lane, running, waiting);
  }

  async #goOn(lane: string, running: Promise<void> | undefined, waiting: Task[]): Promise<void> {
    await running;
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await task();
    this.#waiting.delete(lane);
  }
}

type Task = () => Promise<void> | undefined;
