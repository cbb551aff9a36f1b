/** A record of one partition that was handed out. */
export interface Slot {
  readonly offset: number;
  /** Of the record, in milliseconds: tells a record from another one at the same offset, in a topic that was made anew. */
  readonly timestamp: number;
  /** Core has it. */
  isHanded: boolean;
  isDone: boolean;
}

/**
 * What this instance has of one partition, and how far it may be committed: up to the first record that is not done.
 * It outlives rebalances: a record that comes again while it is still being handled here, or whose end only was not
 * committed yet, is not handled twice. No I/O, no timers.
 */
export class PartitionOffsets<Held extends Slot> {
  /** In the order of their offsets: what is open, and what is done but not committed. */
  #slots: Held[] = [];
  /** Where the first open one may be; those before it are done. */
  #open = 0;
  /** No record has come since the partition was assigned. */
  #isFresh = true;
  #committed = -1;

  /** The partition was assigned (again): what is committed by now, another instance may have done. */
  assigned(): void {
    this.#isFresh = true;
    this.#committed = -1;
  }

  /** Whether the record is to be handled; if not, it is already here. Follow with {@link add}, or not at all. */
  isNew(offset: number, timestamp: number): boolean {
    if (this.#isFresh) this.#startAt(offset);
    const last = this.#slots.at(-1);
    if (last === undefined || offset > last.offset) return true;
    const held = this.#slots[this.#indexOf(offset)];
    if (held?.offset === offset && held.timestamp === timestamp) return false;
    // The topic was deleted and made anew, and its offsets begin again: those that are here mean other records.
    this.#slots = [];
    this.#open = 0;
    this.#committed = -1;
    return true;
  }

  add(slot: Held): void {
    this.#slots.push(slot);
  }

  /** As if it had never come: when it comes again it is new. */
  forget(slot: Held): void {
    const index = this.#indexOf(slot.offset);
    if (this.#slots[index] !== slot) return;
    this.#slots.splice(index, 1);
    if (index < this.#open) this.#open -= 1;
  }

  /** Forgets, and returns, what core does not have. */
  forgetWaiting(): readonly Held[] {
    const waiting = this.#slots.filter(({ isHanded }) => !isHanded);
    if (waiting.length > 0) this.#slots = this.#slots.filter(({ isHanded }) => isHanded);
    this.#open = 0;
    return waiting;
  }

  /** The offset to commit: of the first record that is not done; `undefined` when that is committed. */
  toCommit(): number | undefined {
    // Before the first record it is not known what others have done meanwhile.
    if (this.#isFresh) return undefined;
    while (this.#slots[this.#open]?.isDone === true) this.#open += 1;
    const offset = this.#open === 0 ? undefined : (this.#slots[this.#open - 1] as Held).offset + 1;
    return offset !== undefined && offset > this.#committed ? offset : undefined;
  }

  /** The broker has it: what is before it does not come again. */
  committed(offset: number): void {
    this.#committed = Math.max(this.#committed, offset);
    this.#dropBefore(offset);
  }

  /** Whether core has some that are not done. */
  get isBusy(): boolean {
    return this.#slots.some(({ isHanded, isDone }) => isHanded && !isDone);
  }

  /** What is here from before the first record that comes now, others have done meanwhile. */
  #startAt(offset: number): void {
    this.#isFresh = false;
    this.#dropBefore(offset);
  }

  #dropBefore(offset: number): void {
    const count = this.#indexOf(offset);
    if (count === 0) return;
    this.#slots.splice(0, count);
    this.#open = Math.max(0, this.#open - count);
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
