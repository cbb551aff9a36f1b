import { percentile } from './statistics.ts';

/** Enough for percentiles, and little enough not to fill the memory that is measured. */
const kept = 200_000;

/** Times of a round in milliseconds. Memory is taken once; those that no longer fit are not kept. */
export class Samples {
  readonly #values = new Float64Array(kept);
  #count = 0;

  add(milliseconds: number): void {
    if (this.#count < kept) this.#values[this.#count++] = milliseconds;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Microseconds; `undefined` when there were none. */
  summary(): Latency | undefined {
    if (this.#count === 0) return undefined;
    const values = this.#values.subarray(0, this.#count);
    return { p50: percentile(values, 0.5) * 1000, p99: percentile(values, 0.99) * 1000 };
  }
}

/** Microseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}
