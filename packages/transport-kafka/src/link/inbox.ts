import { kindsOn, type Receiver, type RpcException } from '@parley/core/transport';
import type { DriverRecord, KafkaDriver, PartitionReader, ReaderOwner } from '../driver/index.ts';
import { type InboxAddress, newToken, tokenKey } from '../wire/inbox-address.ts';
import { readRecord } from '../wire/read-record.ts';

/** Whom an inbox tells. */
export interface InboxOwner {
  lost(reason: RpcException): void;
  restored(partition: number): void;
  /** The topic is gone. */
  missing(): void;
  warn(what: string, detail?: unknown): void;
  /** The largest body of an answer, in bytes. */
  readonly maxBody: number;
}

/** What is addressed to this instance: answers, and cancel and credit from who was answered. Its own partition, read without a group. */
export class Inbox implements ReaderOwner {
  readonly #topic: string;
  readonly #token = newToken();
  readonly #key = tokenKey(this.#token);
  readonly #reader: PartitionReader;
  readonly #owner: InboxOwner;
  #receiver: Receiver | undefined;
  #partition = 0;

  constructor(driver: KafkaDriver, topic: string, owner: InboxOwner) {
    this.#topic = topic;
    this.#owner = owner;
    this.#reader = driver.partitionReader({ topic }, this);
  }

  /** Resolves when nothing that is sent to it from now on is missed. */
  async start(): Promise<InboxAddress> {
    await this.#reader.start();
    this.#partition = this.#reader.partition;
    return this.address;
  }

  get address(): InboxAddress {
    return { topic: this.#topic, partition: this.#partition, token: this.#token };
  }

  attached(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  close(timeout: number): Promise<void> {
    return this.#reader.close(timeout);
  }

  records(records: readonly DriverRecord[]): void {
    for (const record of records) {
      // Others share the partition.
      if (record.key === null || !this.#key.equals(record.key)) continue;
      try {
        const envelope = readRecord(record, { pattern: '', kinds: kindsOn.inbox, maxBody: this.#owner.maxBody });
        if (envelope.kind !== 'refused') this.#receiver?.receive(envelope);
      } catch (thrown) {
        this.#owner.warn('what came to the inbox of this instance cannot be read', thrown);
      }
    }
  }

  lost(reason: RpcException): void {
    this.#owner.lost(reason);
  }

  restored(): void {
    this.#partition = this.#reader.partition;
    this.#owner.restored(this.#partition);
  }

  missing(): void {
    this.#owner.missing();
  }
}
