import type { Station } from '../link/station.ts';
import { BroadcastReaders } from './broadcast-readers.ts';
import type { EventTopics } from './event-topics.ts';

/** Events that every instance wants: those that its handlers name, and those that turn up and match a wildcard. */
export class BroadcastSubscription {
  readonly #station: Station;
  readonly #topics: EventTopics;
  readonly #readers: BroadcastReaders;

  constructor(station: Station, topics: EventTopics) {
    this.#station = station;
    this.#topics = topics;
    this.#readers = new BroadcastReaders(station);
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
}
