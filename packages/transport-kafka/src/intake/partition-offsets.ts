/** A record of one partition that came. */
export interface Slot {
  readonly offset: number;
  /** Of the record, in milliseconds: tells a record from another one at the same offset, in a topic that was made anew. */
  readonly timestamp: number;
  /**
   * `waiting` for its turn; `open`: core has it; `done`; `dropped`: it was here, and was given back before core had it. It is to
   * come again, and until then nothing beyond it may be committed.
   */
  state: 'waiting' | 'open' | 'done' | 'dropped';
}

/**
 * What this instance has of one partition, and how far it may be committed: up to the first record that is not done.
 * It outlives rebalances: a record that comes again while it is still being handled here, or whose end only was not
 * committed yet, is not handled twice. No I/O, no timers.
 */
export class PartitionOffsets<Held extends Slot> {
  /** In the order of their offsets; nothing is missing between them that was ever here and is not committed. */
  #slots: Held[] = [];
  /** Those before it are done. */
  #open = 0;
  /** The latest that came since the partition was assigned; what is behind it is of an earlier time. */
  #seen = -1;
  #committed = -1;

  /** The partition was assigned (again): what is before `committed`, this or another instance has done. */
  assigned(committed: number): void {
    this.#dropBefore(committed);
    this.#seen = -1;
    this.#committed = -1;
    this.#open = 0;
  }

  /** It was assigned to somebody else. */
  unassigned(): void {
    this.assigned(0);
    this.#slots = this.#slots.filter(({ state }) => state !== 'dropped');
  }

  /** Whether a record that came is to be handled; if not, it is already here. Follow with {@link add}, or not at all. */
  isNew(offset: number, timestamp: number): boolean {
    // What is here from before the first record that comes, others have done meanwhile.
    if (this.#seen < 0) this.#dropBefore(offset);
    this.#seen = offset;
    const last = this.#slots.at(-1);
    if (last === undefined || (offset > last.offset && last.state !== 'dropped')) return true;
    let index = this.#indexOf(offset);
    // Those that were to come again and did not: Kafka has removed them.
    while (this.#slots[index - 1]?.state === 'dropped') index = this.#remove(index - 1);
    const held = this.#slots[index];
    if (held?.offset !== offset || held.state === 'dropped') return true;
    if (held.timestamp === timestamp) return false;
    // The topic was deleted and made anew, and its offsets begin again: those from here on mean other records.
    this.#slots.length = index;
    return true;
  }

  add(slot: Held): void {
    const last = this.#slots.at(-1);
    if (last === undefined || slot.offset > last.offset) {
      this.#slots.push(slot);
      return;
    }
    const index = this.#indexOf(slot.offset);
    const isThere = this.#slots[index]?.offset === slot.offset;
    this.#slots.splice(index, isThere ? 1 : 0, slot);
    this.#open = Math.min(this.#open, index);
  }

  /** Gives back what core does not have, and returns it. */
  dropWaiting(): readonly Held[] {
    const waiting = this.#slots.filter(({ state }) => state === 'waiting');
    for (const slot of waiting) slot.state = 'dropped';
    return waiting;
  }

  /** The offset to commit: of the first record that is not done; `undefined` when that is committed, or not known. */
  toCommit(): number | undefined {
    for (;;) {
      const slot = this.#slots[this.#open];
      if (slot?.state !== 'done' || slot.offset > this.#seen) break;
      this.#open += 1;
    }
    const offset = this.#open === 0 ? undefined : (this.#slots[this.#open - 1] as Held).offset + 1;
    return offset !== undefined && offset > this.#committed ? offset : undefined;
  }

  /** The broker has it: what is before it does not come again. */
  committed(offset: number): void {
    this.#committed = Math.max(this.#committed, offset);
    this.#dropBefore(offset);
  }

  /** Whether it is still to be settled here: others may have done it while the partition was theirs. */
  holds(slot: Held): boolean {
    return this.#slots[this.#indexOf(slot.offset)] === slot;
  }

  /** Whether core has some that are not done. */
  get isBusy(): boolean {
    return this.#slots.some(({ state }) => state === 'open');
  }

  #dropBefore(offset: number): void {
    const count = this.#indexOf(offset);
    if (count === 0) return;
    this.#slots.splice(0, count);
    this.#open = Math.max(0, this.#open - count);
  }

  #remove(index: number): number {
    this.#slots.splice(index, 1);
    this.#open = Math.min(this.#open, index);
    return index;
  }

  /** Of the first slot that is not before `offset`. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#slots[middle] as Held).offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
