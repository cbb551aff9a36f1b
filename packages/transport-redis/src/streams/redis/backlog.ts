/**
 * Bytes that Redis has not confirmed. What this tick of the event loop has added does not count: it could not have left yet, and
 * a burst is no backlog.
 */
export class Backlog {
  #unconfirmed = 0;
  /** What earlier ticks have left. */
  #earlier = 0;
  #isTicking = false;

  get bytes(): number {
    return this.#isTicking ? this.#earlier : this.#unconfirmed;
  }

  add(bytes: number): void {
    if (!this.#isTicking) {
      this.#isTicking = true;
      this.#earlier = this.#unconfirmed;
      setImmediate(() => {
        this.#isTicking = false;
      });
    }
    this.#unconfirmed += bytes;
  }

  confirm(bytes: number): void {
    this.#unconfirmed -= bytes;
  }
}
