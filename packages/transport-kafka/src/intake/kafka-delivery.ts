import type { DeadReason, Delivery } from '@parley/core/transport';
import type { DriverRecord } from '../driver/driver.ts';
import type { Slot } from './partition-offsets.ts';
import type { Waiting } from './waiting-line.ts';

/** Who keeps a delivery: the intake that it came by. */
export interface DeliveryKeeper {
  settle(delivery: KafkaDelivery): void;
  settleFirst(delivery: KafkaDelivery): Promise<boolean>;
  isOurs(delivery: KafkaDelivery): Promise<boolean>;
  bury(delivery: KafkaDelivery, why: DeadReason): Promise<void>;
}

/** A record of a group that is to be handled. */
export class KafkaDelivery implements Delivery, Slot, Waiting {
  /** Kafka does not count. */
  readonly attempt = undefined;
  readonly topic: string;
  readonly partition: number;
  readonly record: DriverRecord;
  readonly offset: number;
  readonly timestamp: number;
  /** Topic, partition and key; `undefined` without a key. */
  readonly lane: string | undefined;
  /** In bytes, about. */
  readonly size: number;
  state: Slot['state'] = 'waiting';
  /** See {@link WaitingLine}. */
  arrival = 0;
  readonly #keeper: DeliveryKeeper;

  constructor(topic: string, partition: number, record: DriverRecord, keeper: DeliveryKeeper) {
    this.topic = topic;
    this.partition = partition;
    this.record = record;
    this.offset = Number(record.offset);
    this.timestamp = Number(record.timestamp);
    // Byte for byte: keys need not be text.
    this.lane = record.key === null ? undefined : `${topic}/${partition}/${record.key.toString('latin1')}`;
    this.#keeper = keeper;
    this.size = sizeOf(record);
  }

  done(): void {
    this.#keeper.settle(this);
  }

  doneFirst(): Promise<boolean> {
    return this.#keeper.settleFirst(this);
  }

  isOurs(): Promise<boolean> {
    return this.#keeper.isOurs(this);
  }

  dead(why: DeadReason): Promise<void> {
    return this.#keeper.bury(this, why);
  }
}

/** What a record takes beside what it brings. About; it is for limits that are in megabytes. */
const about = 256;

function sizeOf({ key, value, headers }: DriverRecord): number {
  let size = about + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    const header = headers[name];
    size += name.length;
    if (Array.isArray(header)) for (const one of header) size += one.length;
    else size += header?.length ?? 0;
  }
  return size;
}
