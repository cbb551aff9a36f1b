import type { Event, Request, WireError } from '@parley/core/transport';

/** A message that failed for good, as {@link MemoryBroker.deadLetters} shows it. */
export interface DeadLetter {
  /** The group whose handlers failed. */
  readonly group: string;
  readonly message: Request | Event;
  /** What the handlers failed with; its metadata names them. */
  readonly error: WireError;
  /** How often they were tried. */
  readonly attempts: number;
}

/** Dead letters in the order in which they died, each with the way back to its group. */
export class DeadLetters {
  readonly #letters = new Map<DeadLetter, () => void>();

  get all(): readonly DeadLetter[] {
    return [...this.#letters.keys()];
  }

  add(letter: DeadLetter, deliverAgain: () => void): void {
    this.#letters.set(letter, deliverAgain);
  }

  /** @returns how many were delivered again. */
  redrive(letters: readonly DeadLetter[]): number {
    const found = letters.filter((letter) => this.#letters.has(letter));
    for (const letter of found) {
      const deliverAgain = this.#letters.get(letter);
      this.#letters.delete(letter);
      deliverAgain?.();
    }
    return found.length;
  }
}
