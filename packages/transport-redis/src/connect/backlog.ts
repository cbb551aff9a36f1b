/**
 * Bytes that wait. What this tick of the event loop has added does not count: it could not have left yet, and a burst is no
 * backlog.
 */
export class Backlog {
  #waiting = 0;
  /** What earlier ticks have left. */
  #earlier = 0;
  #isTicking = false;

  get bytes(): number {
    return this.#isTicking ? this.#earlier : this.#waiting;
  }

  add(bytes: number): void {
    if (!this.#isTicking) {
      this.#isTicking = true;
      this.#earlier = this.#waiting;
      setImmediate(() => {
        this.#isTicking = false;
      });
    }
    this.#waiting += bytes;
  }

  remove(bytes: number): void {
    this.#waiting -= bytes;
  }
}
