import { kindsOn, type Receiver, type RpcException } from '@parley/core/transport';
import type { DriverRecord, KafkaDriver, PartitionReader, ReaderOwner } from '../driver/index.ts';
import { readRecord } from '../wire/read-record.ts';

export interface ControlSetup {
  readonly topic: string;
  readonly receiver: Receiver;
  /** The messages that are served here. */
  readonly patterns: ReadonlySet<string>;
  missing(): void;
  warn(what: string, detail?: unknown): void;
}

/** Cancel and credit to all who may hold a request, since nobody has answered it yet: every serving instance reads them all. */
export class ControlReader implements ReaderOwner {
  readonly #setup: ControlSetup;
  readonly #reader: PartitionReader;

  constructor(driver: KafkaDriver, setup: ControlSetup) {
    this.#setup = setup;
    this.#reader = driver.partitionReader({ topic: setup.topic, partition: 0 }, this);
  }

  start(): Promise<void> {
    return this.#reader.start();
  }

  close(timeout: number): Promise<void> {
    return this.#reader.close(timeout);
  }

  records(records: readonly DriverRecord[]): void {
    for (const record of records) {
      const pattern = record.key?.toString() ?? '';
      if (!this.#setup.patterns.has(pattern)) continue;
      try {
        const envelope = readRecord(record, { pattern, kinds: kindsOn.control });
        if (envelope.kind !== 'refused') this.#setup.receiver.receive(envelope);
      } catch (thrown) {
        this.#setup.warn('what came to the control topic cannot be read', thrown);
      }
    }
  }

  lost(reason: RpcException): void {
    this.#setup.warn('cancels cannot be heard for now', reason);
  }

  restored(): void {}

  missing(): void {
    this.#setup.missing();
  }
}
