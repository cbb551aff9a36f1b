import type { ConnectionOwner } from './connection.ts';

/** Several connections as one: up when all are, down when the first is. */
export class Ensemble {
  readonly #owner: ConnectionOwner;
  /** Those that are not up. */
  readonly #missing = new Set<ConnectionOwner>();
  #isUp = false;

  constructor(owner: ConnectionOwner) {
    this.#owner = owner;
  }

  /** One more: to be told what becomes of it. */
  join(): ConnectionOwner {
    const member: ConnectionOwner = {
      up: () => {
        this.#missing.delete(member);
        if (this.#missing.size > 0) return;
        this.#isUp = true;
        this.#owner.up();
      },
      down: (reason) => {
        this.#missing.add(member);
        if (!this.#isUp) return;
        this.#isUp = false;
        this.#owner.down(reason);
      },
      failed: (reason) => this.#owner.failed(reason),
    };
    this.#missing.add(member);
    return member;
  }
}
