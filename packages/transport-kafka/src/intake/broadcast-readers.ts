import { type DeadReason, type Event, kindsOn, messageOf, type RpcException } from '@parley/core/transport';
import type { DriverRecord, PartitionReader } from '../driver/index.ts';
import type { Station } from '../link/station.ts';
import { groupHeader } from '../wire/headers.ts';
import { readEvent } from '../wire/read-record.ts';
import { BroadcastDelivery, type BroadcastKeeper } from './broadcast-delivery.ts';
import { Load } from './load.ts';
import { WaitingLine } from './waiting-line.ts';

export interface BroadcastSetup {
  readonly station: Station;
  /** Events that may be here unsettled. */
  readonly prefetch: number;
  /** The topic is gone; it is read on when it is there again. */
  readonly missing: (topic: string) => void;
}

/** Every event of the topics, for the handlers whose every instance wants it: all partitions, without a group, from the end. */
export class BroadcastReaders implements BroadcastKeeper {
  readonly #setup: BroadcastSetup;
  readonly #readers = new Map<string, PartitionReader>();
  readonly #line: WaitingLine<BroadcastDelivery>;
  readonly #load: Load;
  /** Readers that fetch no more before it is half empty here. */
  #light: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  constructor(setup: BroadcastSetup) {
    const { receiver } = setup.station;
    this.#setup = setup;
    this.#load = new Load(setup.prefetch);
    this.#line = new WaitingLine(receiver, (delivery) => receiver.receive(delivery.event, delivery));
  }

  /** Reads what it does not read yet: these topics' partitions. Resolves when nothing that is sent from now on is missed. */
  async read(topics: ReadonlyMap<string, string>, from: 'beginning' | 'end'): Promise<void> {
    await Promise.all([...topics].map(([topic, pattern]) => this.#readTopic(topic, pattern, from)));
  }

  /** Reads no more of it. */
  async leave(topic: string): Promise<void> {
    const left = [...this.#readers].filter(([name]) => name.startsWith(`${topic}/`));
    for (const [name] of left) this.#readers.delete(name);
    await Promise.all(left.map(([, reader]) => reader.close(1000)));
  }

  async close(timeout: number): Promise<void> {
    this.#isClosed = true;
    this.#line.clear();
    const readers = [...this.#readers.values()];
    this.#readers.clear();
    await Promise.all(readers.map((reader) => reader.close(timeout)));
  }

  settled(delivery: BroadcastDelivery): void {
    this.#load.remove(delivery);
    if (!this.#isClosed) this.#line.next(delivery.lane);
    if (!this.#load.isHalf) return;
    this.#light?.resolve();
    this.#light = undefined;
  }

  failed({ place }: BroadcastDelivery, { body }: DeadReason): void {
    this.#setup.station.warn(`an event failed for good for a handler of every instance: ${place}`, body);
  }

  async #readTopic(topic: string, pattern: string, from: 'beginning' | 'end'): Promise<void> {
    const count = (await this.#setup.station.driver.admin.partitionsOf(topic)) ?? 0;
    const starts: Promise<void>[] = [];
    for (let partition = 0; partition < count; partition += 1) {
      if (!this.#readers.has(`${topic}/${partition}`))
        starts.push(this.#readPartition(topic, partition, pattern, from));
    }
    await Promise.all(starts);
  }

  async #readPartition(topic: string, partition: number, pattern: string, from: 'beginning' | 'end'): Promise<void> {
    if (this.#isClosed) return;
    const { station, missing } = this.#setup;
    const name = `${topic}/${partition}`;
    const reader = station.driver.partitionReader(
      { topic, partition, from },
      {
        records: (records) => this.#receive(records, topic, partition, pattern),
        lost: (reason: RpcException) => station.warn(`broadcast events of ${name} do not come for now`, reason),
        restored: () => undefined,
        missing: () => missing(topic),
      },
    );
    this.#readers.set(name, reader);
    try {
      await reader.start();
    } catch (reason) {
      this.#readers.delete(name);
      await reader.close(0);
      throw reason;
    }
  }

  #receive(
    records: readonly DriverRecord[],
    topic: string,
    partition: number,
    pattern: string,
  ): Promise<void> | undefined {
    for (const record of records) {
      // A dead letter of one group that was put back.
      if (record.headers?.[groupHeader] !== undefined) continue;
      const event = this.#read(record, topic, partition, pattern);
      if (event === undefined) continue;
      const lane = record.key === null ? undefined : `broadcast/${topic}/${partition}/${record.key.toString('latin1')}`;
      const delivery = new BroadcastDelivery(event, `${topic}/${partition} at ${record.offset}`, lane, this);
      this.#load.add(delivery);
      this.#line.add(delivery);
    }
    if (!this.#load.isFull) return undefined;
    this.#light ??= Promise.withResolvers();
    return this.#light.promise;
  }

  #read(record: DriverRecord, topic: string, partition: number, pattern: string): Event | undefined {
    try {
      const { maxBody } = this.#setup.station.link;
      const source = { topic, partition, record };
      const envelope = readEvent(record, { pattern, audience: 'broadcast', source, kinds: kindsOn.events, maxBody });
      if (envelope.kind === 'event') return envelope;
      if (envelope.kind === 'refused') throw envelope.reason;
    } catch (thrown) {
      const where = `${topic}/${partition} at ${record.offset}`;
      this.#setup.station.warn(
        `events of "${topic}" that cannot be read are dropped by broadcast handlers`,
        `${where}: ${messageOf(thrown)}`,
      );
    }
    return undefined;
  }
}
