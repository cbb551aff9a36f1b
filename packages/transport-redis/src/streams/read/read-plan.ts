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
  readonly #isIdle: () => boolean;
  #busy: readonly string[] = [];

  /** @param isIdle whether all that was handed over is handled. */
  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  /** One more stream. */
  add(key: string): void {
    this.#all.push(key);
  }

  /** Whether the next read has nothing to wait for. */
  get isUrgent(): boolean {
    return this.#busy.length > 0;
  }

  /** How many entries to ask for next. */
  get most(): number {
    return this.#size.entries * this.#next.length;
  }

  /**
   * Reads what is next, and hands it over.
   *
   * @param room for so many entries.
   * @param read reads from these streams, from none more than its share.
   */
  async read(
    room: number,
    read: (keys: readonly string[]) => Promise<readonly Read[]>,
    accept: (read: Read) => void,
  ): Promise<void> {
    const keys = this.#next;
    const wasUrgent = this.isUrgent;
    // Whoever comes first in a read is served first.
    if (!wasUrgent && this.#all.length > 1) this.#all.push(this.#all.shift() as string);
    this.#busy = [];
    const share = Math.max(1, Math.floor(room / keys.length));
    const found = await read(keys);
    if (found.length === 0) return;
    const came = performance.now();
    const full = found.filter(([, entries]) => entries.length >= share);
    if (!wasUrgent) this.#busy = full.map(([key]) => key.toString());
    // Planned before it is handed over: a handler that waits for anything at all is still at work then.
    setImmediate(() => this.#size.handled(full.length > 0, this.#isIdle(), performance.now() - came));
    for (const one of found) accept(one);
  }

  get #next(): readonly string[] {
    return this.isUrgent ? this.#busy : this.#all;
  }
}
