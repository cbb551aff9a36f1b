import { MessageContext, Transports } from '@parley/core/transport';
import type { DriverRecord } from './driver/driver.ts';

/** What this transport puts into an envelope's `source`. */
export interface KafkaSource {
  readonly topic: string;
  readonly partition: number;
  readonly record: DriverRecord;
}

/** The context of a handler whose message came over Kafka. */
export class KafkaContext extends MessageContext {
  /** `@Ctx(KafkaContext)` limits a handler to Kafka. */
  static readonly transport = Transports.KAFKA;

  get topic(): string {
    return this.#kafka.topic;
  }

  get partition(): number {
    return this.#kafka.partition;
  }

  /**
   * Decimal text, as it can be larger than a number holds exactly. With topic and partition it is the same however often a
   * message comes: the key to handle it only once.
   */
  get offset(): string {
    return this.#kafka.record.offset;
  }

  /** The record's key as text; `undefined` without one. Bytes that are no text are in {@link message}. */
  get key(): string | undefined {
    return this.#kafka.record.key?.toString();
  }

  /** Milliseconds since 1970: of an event when it was sent, by its sender's clock, unless its topic says otherwise; of a message by the broker's. */
  get timestamp(): number {
    return Number(this.#kafka.record.timestamp);
  }

  /** The raw record, with all of its headers; not to be changed. */
  get message(): DriverRecord {
    return this.#kafka.record;
  }

  get #kafka(): KafkaSource {
    return this.source as KafkaSource;
  }
}
