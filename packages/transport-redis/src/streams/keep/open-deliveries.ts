import type { StreamDelivery } from './stream-delivery.ts';

/**
 * The deliveries of a stream that core has. No Map: one that grows and shrinks with each read leaves tables behind, which
 * keep what they had from being collected.
 */
export class OpenDeliveries {
  readonly #all: StreamDelivery[] = [];

  /** Of all of them, in no order. */
  get all(): readonly StreamDelivery[] {
    return this.#all;
  }

  has(delivery: StreamDelivery): boolean {
    return this.#all[delivery.place] === delivery;
  }

  /** Looks through all: for what is rare. */
  find(id: string): StreamDelivery | undefined {
    return this.#all.find((delivery) => delivery.id === id);
  }

  add(delivery: StreamDelivery): void {
    delivery.place = this.#all.length;
    this.#all.push(delivery);
  }

  /** @returns whether it was there. */
  delete(delivery: StreamDelivery): boolean {
    if (!this.has(delivery)) return false;
    const last = this.#all.pop() as StreamDelivery;
    if (last === delivery) return true;
    this.#all[delivery.place] = last;
    last.place = delivery.place;
    return true;
  }
}
