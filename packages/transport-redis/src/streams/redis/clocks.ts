import { slotTag } from '../stream-keys.ts';
import type { Commands } from './script.ts';
import { ServerClock } from './server-clock.ts';

/** The clock of each Redis that has some of the streams: one, or in a cluster one for each slot. */
export class Clocks {
  readonly #redis: () => Commands;
  readonly #isCluster: boolean;
  readonly #clocks = new Map<string, ServerClock>();

  constructor(redis: () => Commands, isCluster: boolean) {
    this.#redis = redis;
    this.#isCluster = isCluster;
  }

  add(key: string): void {
    const where = this.#where(key);
    if (!this.#clocks.has(where)) this.#clocks.set(where, new ServerClock(this.#redis, key));
  }

  /** Milliseconds since an entry was added; 0 while that is not known. */
  since(key: string, id: string): number {
    return this.#clocks.get(this.#where(key))?.since(id) ?? 0;
  }

  /** Rejects as the command does. */
  async sample(): Promise<void> {
    await Promise.all([...this.#clocks.values()].map((clock) => clock.sample()));
  }

  /** After an outage: it may be other machines now. */
  async sampleAnew(): Promise<void> {
    for (const clock of this.#clocks.values()) clock.forget();
    await this.sample();
  }

  #where(key: string): string {
    return this.#isCluster ? slotTag(key) : '';
  }
}
