import type { RpcException } from '@parley/core/transport';
import type { DriverRecord, PartitionReader } from '../driver/index.ts';
import type { Station } from '../link/station.ts';
import { groupHeader } from '../wire/headers.ts';
import { readEvent } from '../wire/read-record.ts';

/** Every event of the topics, for the handlers whose every instance wants it: all partitions, without a group, from the end. */
export class BroadcastReaders {
  readonly #station: Station;
  readonly #readers = new Map<string, PartitionReader>();
  #isClosed = false;

  constructor(station: Station) {
    this.#station = station;
  }

  /** Reads what it does not read yet: these topics' partitions. Resolves when nothing that is sent from now on is missed. */
  async read(topics: ReadonlyMap<string, string>, from: 'beginning' | 'end'): Promise<void> {
    await Promise.all([...topics].map(([topic, pattern]) => this.#readTopic(topic, pattern, from)));
  }

  async close(timeout: number): Promise<void> {
    this.#isClosed = true;
    const readers = [...this.#readers.values()];
    this.#readers.clear();
    await Promise.all(readers.map((reader) => reader.close(timeout)));
  }

  async #readTopic(topic: string, pattern: string, from: 'beginning' | 'end'): Promise<void> {
    const count = (await this.#station.driver.admin.partitionsOf(topic)) ?? 0;
    const starts: Promise<void>[] = [];
    for (let partition = 0; partition < count; partition += 1) {
      if (!this.#readers.has(`${topic}/${partition}`))
        starts.push(this.#readPartition(topic, partition, pattern, from));
    }
    await Promise.all(starts);
  }

  async #readPartition(topic: string, partition: number, pattern: string, from: 'beginning' | 'end'): Promise<void> {
    if (this.#isClosed) return;
    const station = this.#station;
    const reader = station.driver.partitionReader(
      { topic, partition, from },
      {
        records: (records) => this.#receive(records, topic, partition, pattern),
        lost: (reason: RpcException) =>
          station.warn(`broadcast events of ${topic}/${partition} do not come for now`, reason),
        restored: () => undefined,
        missing: () => station.remake('events', [topic]),
      },
    );
    const name = `${topic}/${partition}`;
    this.#readers.set(name, reader);
    try {
      await reader.start();
    } catch (reason) {
      this.#readers.delete(name);
      await reader.close(0);
      throw reason;
    }
  }

  #receive(records: readonly DriverRecord[], topic: string, partition: number, pattern: string): void {
    for (const record of records) {
      // A dead letter of one group that was put back.
      if (record.headers?.[groupHeader] !== undefined) continue;
      try {
        const envelope = readEvent(record, { pattern, audience: 'broadcast', source: { topic, partition, record } });
        if (envelope.kind === 'event') this.#station.receiver.receive(envelope);
        else if (envelope.kind === 'refused') throw envelope.reason;
      } catch (thrown) {
        this.#station.warn(
          `an event that cannot be read was dropped: ${topic}/${partition} at ${record.offset}`,
          thrown,
        );
      }
    }
  }
}
