import type { Read } from './read-group.ts';
import { ReadSize } from './read-size.ts';

/**
 * Which of some streams to read next, and how much of each. Streams that may have more, because they brought all that was
 * asked for, are read once by themselves, without waiting: else a busy one among many idle ones would only ever get its share of
 * the room.
 */
export class ReadPlan {
  readonly #all: string[] = [];
  readonly #size = new ReadSize();
  #busy: readonly string[] = [];

  /** One more stream. */
  add(key: string): void {
    this.#all.push(key);
  }

  /** Whether the next read has nothing to wait for. */
  get isUrgent(): boolean {
    return this.#busy.length > 0;
  }

  /** How many entries to ask for. @param isIdle whether all that was read before is handled. */
  most(isIdle: boolean): number {
    return this.#size.next(performance.now(), isIdle) * this.#next.length;
  }

  /** Reads with `read` what is next, at most `room` entries of as many streams as `keys` has. */
  async read(room: number, read: (keys: readonly string[]) => Promise<readonly Read[]>): Promise<readonly Read[]> {
    const keys = this.#next;
    const wasUrgent = this.isUrgent;
    // Whoever comes first in a read is served first.
    if (!wasUrgent && this.#all.length > 1) this.#all.push(this.#all.shift() as string);
    this.#busy = [];
    const found = await read(keys);
    const whole = found.filter(([, entries]) => entries.length >= Math.max(1, Math.floor(room / keys.length)));
    if (whole.length > 0) this.#size.filled(performance.now());
    if (!wasUrgent) this.#busy = whole.map(([key]) => key.toString());
    return found;
  }

  get #next(): readonly string[] {
    return this.isUrgent ? this.#busy : this.#all;
  }
}
