/** What a {@link Bag} can hold. One bag at a time: `place` is the bag's. */
export interface Placed {
  place: number;
}

/**
 * Things in no order, of which many come and go. No `Set`: V8 leaves the old table of one that grows, shrinks or is cleared behind,
 * with a pointer to the next, and once such a table is old, all that the later ones ever held outlives its end (events
 * over Redis took twice the CPU, nearly all of it in collecting garbage).
 */
export class Bag<Item extends Placed> {
  readonly #all: Item[] = [];

  get size(): number {
    return this.#all.length;
  }

  /** Those that it has now; not to be kept, nor read on after a change. */
  get all(): readonly Item[] {
    return this.#all;
  }

  has(item: Item): boolean {
    return this.#all[item.place] === item;
  }

  add(item: Item): void {
    item.place = this.#all.length;
    this.#all.push(item);
  }

  /** @returns whether it was there. */
  delete(item: Item): boolean {
    if (!this.has(item)) return false;
    const last = this.#all.pop() as Item;
    if (last === item) return true;
    this.#all[item.place] = last;
    last.place = item.place;
    return true;
  }
}
