/** Milliseconds between commits while something is done. */
const interval = 250;

/** When to commit: a while after something was done, and one at a time, so that none overtakes another. */
export class Commits {
  readonly #commit: () => Promise<boolean>;
  #committing: Promise<void> = Promise.resolve();
  /** One that has not begun. */
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** @param commit what is done by then. Resolves with false when it could not be; it then tries again. */
  constructor(commit: () => Promise<boolean>) {
    this.#commit = commit;
  }

  /** Something is done. */
  soon(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.now();
    }, interval);
  }

  /** When it resolves, what was done before is committed, or could not be. */
  now(): Promise<void> {
    this.#next ??= this.#committing = this.#after(this.#committing);
    return this.#next;
  }

  async #after(previous: Promise<void>): Promise<void> {
    await previous;
    this.#next = undefined;
    if (!(await this.#commit())) this.soon();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}
