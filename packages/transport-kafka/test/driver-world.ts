import { randomBytes } from 'node:crypto';
import { type KafkaBroker, type KafkaOptions, startKafka } from '@parley/brokers/kafka';
import { until } from '@parley/brokers/shared';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import type {
  DriverProducer,
  DriverRecord,
  GroupConsumer,
  GroupOptions,
  GroupOwner,
  KafkaDriver,
  PartitionReader,
  ReaderOptions,
  TopicMessages,
  TopicPartition,
} from '../src/driver/driver.ts';
import { type KafkaJsOptions, openKafkaJs } from '../src/driver/index.ts';

/** A broker of this test file, and drivers that are closed with it. */
export class DriverWorld implements AsyncDisposable {
  readonly broker: KafkaBroker;
  readonly warnings: string[] = [];
  readonly #drivers: ReturnType<typeof openKafkaJs>[] = [];

  readonly #leaks: string[] = [];
  readonly #noteLeak = (warning: Error): void => {
    if (warning.name === 'MaxListenersExceededWarning') this.#leaks.push(warning.message);
  };

  private constructor(broker: KafkaBroker) {
    this.broker = broker;
    process.on('warning', this.#noteLeak);
  }

  static async start(options?: KafkaOptions): Promise<DriverWorld> {
    return new DriverWorld(await startKafka(options));
  }

  open(options: Partial<KafkaJsOptions> = {}): ReturnType<typeof openKafkaJs> {
    const warn = (what: string, detail?: unknown): void => {
      this.warnings.push(`${what}: ${String(detail)}`);
    };
    const driver = openKafkaJs({ brokers: this.broker.brokers, clientId: 'test', warn, ...options });
    this.#drivers.push(driver);
    return driver;
  }

  /** kafkajs as it is, to show what it does. */
  bare(): Kafka {
    return new Kafka({ brokers: [...this.broker.brokers], clientId: 'bare', logLevel: logLevel.NOTHING });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#drivers.map((driver) => driver.close(1000)));
    await this.broker.close();
    process.off('warning', this.#noteLeak);
    if (this.#leaks.length > 0) throw new Error(`listeners pile up: ${this.#leaks.join('; ')}`);
  }
}

export const bareProducer = { allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner };

export function unique(name: string): string {
  return `${name}-${randomBytes(6).toString('hex')}`;
}

/** Writes all of it, or fails with what kept one of it from being written: `send` only tells. */
export async function put(producer: DriverProducer, batch: readonly TopicMessages[]): Promise<void> {
  for (const error of (await producer.send(batch))?.values() ?? []) throw error;
}

/** Of a producer that waits for partitions that were made a moment ago. */
export const patient = { acks: -1, patience: 20_000 } as const;

/** Adds partitions, and waits until the brokers tell of them. Their leaders may take a little longer. */
export async function grow(driver: KafkaDriver, topic: string, total: number): Promise<void> {
  await driver.admin.addPartitions(topic, total);
  await until('the partitions', async () => (await driver.admin.partitionsOf(topic)) === total);
}

/** A group consumer that notes what it is told, and commits each record when it has it. */
export class GroupNotes implements GroupOwner {
  readonly values: string[] = [];
  readonly events: string[] = [];
  /** Of the current generation. */
  partitions: readonly TopicPartition[] = [];
  generation = 0;
  consumer!: GroupConsumer;
  missingTopics: readonly string[] = [];
  /** Called for each record; may throw. */
  handle: (record: DriverRecord, topic: string, partition: number) => void = () => undefined;
  lastMoment: (generation: number) => Promise<void> = () => Promise.resolve();
  commits = true;

  static on(
    driver: ReturnType<typeof openKafkaJs>,
    options: Pick<GroupOptions, 'groupId' | 'topics'> & Partial<GroupOptions>,
  ): GroupNotes {
    const notes = new GroupNotes();
    notes.consumer = driver.groupConsumer({ fromBeginning: false, ...options }, notes);
    return notes;
  }

  assigned(generation: number, partitions: readonly TopicPartition[]): void {
    this.generation = generation;
    this.partitions = partitions;
    this.events.push('assigned');
  }

  revoked(generation: number, clean: boolean): Promise<void> {
    this.events.push(clean ? 'revoked' : 'revoked too late');
    return this.lastMoment(generation);
  }

  records(generation: number, topic: string, partition: number, records: readonly DriverRecord[]): void {
    for (const record of records) {
      this.values.push(String(record.value));
      this.handle(record, topic, partition);
    }
    const last = records.at(-1);
    if (!this.commits || last === undefined) return;
    const offset = String(Number(last.offset) + 1);
    // What could not be committed comes again.
    this.consumer.commit(generation, [{ topic, partition, offset }]).catch(() => undefined);
  }

  lost(): void {
    this.events.push('lost');
  }

  restored(): void {
    this.events.push('restored');
  }

  missing(topics: readonly string[]): void {
    this.missingTopics = topics;
  }
}

/** A reader that notes what it is told. */
export class ReaderNotes {
  readonly values: string[] = [];
  readonly events: string[] = [];
  reader!: PartitionReader;

  static on(driver: ReturnType<typeof openKafkaJs>, options: ReaderOptions): ReaderNotes {
    const notes = new ReaderNotes();
    notes.reader = driver.partitionReader(options, notes);
    return notes;
  }

  records(records: readonly DriverRecord[]): void {
    for (const { value } of records) this.values.push(String(value));
  }

  lost(): void {
    this.events.push('lost');
  }

  restored(): void {
    this.events.push('restored');
  }

  missing(): void {
    if (this.events.at(-1) !== 'missing') this.events.push('missing');
  }
}
