import type { Station } from '../link/station.ts';
import { BroadcastReaders } from './broadcast-readers.ts';
import type { EventTopics } from './event-topics.ts';

/** Events that every instance wants: those that its handlers name, and those that turn up and match a wildcard. */
export class BroadcastSubscription {
  readonly #station: Station;
  readonly #topics: EventTopics;
  readonly #readers: BroadcastReaders;

  constructor(station: Station, topics: EventTopics, prefetch: number) {
    this.#station = station;
    this.#topics = topics;
    this.#readers = new BroadcastReaders({ station, prefetch, missing: (topic) => this.#missing(topic) });
  }

  async start(): Promise<void> {
    await this.#station.topics.ensure('events', [...this.#topics.exact.keys()]);
    await this.#readers.read(await this.#all(), 'end');
  }

  /** New topics and new partitions are read from their beginning. */
  async discover(): Promise<void> {
    await this.#readers.read(await this.#all(), 'beginning');
  }

  close(timeout: number): Promise<void> {
    return this.#readers.close(timeout);
  }

  async #all(): Promise<ReadonlyMap<string, string>> {
    const { exact, hasWildcards } = this.#topics;
    if (!hasWildcards) return exact;
    return new Map([...exact, ...this.#topics.matching(await this.#station.driver.admin.listTopics())]);
  }

  /** One that a wildcard had found, somebody may have deleted for good; if it comes back it is found again. */
  #missing(topic: string): void {
    if (this.#topics.exact.has(topic)) this.#station.remake('events', [topic]);
    else void this.#readers.leave(topic);
  }
}
