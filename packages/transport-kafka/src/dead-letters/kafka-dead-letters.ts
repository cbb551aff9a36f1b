import { RpcCode, RpcException } from '@parley/core/transport';
import {
  type DriverMessage,
  type DriverProducer,
  type DriverRecord,
  type KafkaDriver,
  openKafkaJs,
  type TopicPartition,
} from '../driver/index.ts';
import { type KafkaOptions, type ResolvedKafkaOptions, resolveKafkaOptions } from '../kafka-options.ts';
import { groupHeader, headerText } from '../wire/headers.ts';
import { type KafkaDeadLetter, readLetter } from './dead-letter.ts';
import { isLetterHeader, settledHeader } from './letter-headers.ts';
import { readAll } from './read-all.ts';

/** Which dead letters: all that fit each field that is given. */
export interface DeadLetterFilter {
  readonly group?: string | undefined;
  /** The key of the pattern: text as it is, an object as JSON with sorted keys. */
  readonly pattern?: string | undefined;
}

/** Milliseconds for which a send is tried again. */
const patience = 10_000;

/**
 * The dead letters of a Kafka, for a tool, an admin page or a test. Connects when it is first used.
 *
 * ```ts
 * await using letters = kafkaDeadLetters({ brokers, group: 'orders' });
 * for await (const letter of letters.list()) console.log(letter.pattern, letter.error);
 * await letters.redrive({ pattern: 'order.paid' });
 * ```
 *
 * @param options those of `kafka()`: where the brokers are, and `prefix`. With `group` only that group's.
 * @throws RpcException 400 naming the option that is wrong.
 */
export function kafkaDeadLetters(options: KafkaOptions): KafkaDeadLetters {
  return new KafkaDeadLetters(resolveKafkaOptions(options));
}

/** See {@link kafkaDeadLetters}. All methods reject with an RpcException, 503 when no broker can be reached. */
export class KafkaDeadLetters implements AsyncDisposable {
  readonly #options: ResolvedKafkaOptions;
  #driver: KafkaDriver | undefined;
  #producer: DriverProducer | undefined;
  #isClosed = false;

  constructor(options: ResolvedKafkaOptions) {
    this.#options = options;
  }

  /**
   * Topic by topic, oldest first. A topic's letters are read as a whole before the first comes, since which of them were put
   * back is said by what follows them.
   */
  async *list(filter: DeadLetterFilter = {}): AsyncGenerator<KafkaDeadLetter, void, undefined> {
    const { names, group } = this.#options;
    const wanted = { group, ...filter };
    const { admin } = this.#open();
    for (const topic of (await admin.listTopics()).toSorted()) {
      if (!names.isDeadLetters(topic)) continue;
      for (const letter of await this.#lettersIn(topic)) if (fits(letter, wanted)) yield letter;
    }
  }

  /**
   * Puts letters back at the end of the partition that they came from, for the group that failed only. Each is then no letter
   * any more; if this is interrupted between the two, or two do it at once, it is put back again by the next. Handlers
   * that had succeeded run again, too.
   *
   * @param which letters from {@link list}, or a filter; all by default.
   * @returns how many.
   */
  async redrive(which: Iterable<KafkaDeadLetter> | DeadLetterFilter = {}): Promise<number> {
    // Complete before the first is put back: one that fails at once would come again and again.
    const letters = await this.#chosen(which);
    await this.#send(letters.map((letter) => [letter.topic, redriven(letter)]));
    await this.#settle(letters);
    return letters.length;
  }

  /** Forgets letters. @returns how many. */
  async remove(which: Iterable<KafkaDeadLetter> | DeadLetterFilter): Promise<number> {
    const letters = await this.#chosen(which);
    await this.#settle(letters);
    return letters.length;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#producer?.close(1000);
    await this.#driver?.close(1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #chosen(which: Iterable<KafkaDeadLetter> | DeadLetterFilter): Promise<KafkaDeadLetter[]> {
    if (Symbol.iterator in which) return [...which];
    return Array.fromAsync(this.list(which));
  }

  async #lettersIn(topic: string): Promise<KafkaDeadLetter[]> {
    const driver = this.#open();
    const [first, end] = await Promise.all([driver.admin.firstOffsets(topic), driver.admin.endOffsets(topic)]);
    const letters: KafkaDeadLetter[] = [];
    for (const { partition, offset } of end) {
      const oldest = first.find((one) => one.partition === partition)?.offset ?? '0';
      const place = { topic, partition };
      const records = await readAll(driver, place, { first: Number(oldest), end: Number(offset) });
      letters.push(...this.#lettersOf(place, records));
    }
    return letters;
  }

  #lettersOf(place: TopicPartition, records: readonly DriverRecord[]): KafkaDeadLetter[] {
    const settled = new Set(records.map(({ headers }) => headerText(headers, settledHeader)));
    return records
      .filter(({ offset }) => !settled.has(offset))
      .map((record) => readLetter(place, record, this.#options.names))
      .filter((letter) => letter !== undefined);
  }

  /** Says in the letters' own partitions that they are none any more. */
  #settle(letters: readonly KafkaDeadLetter[]): Promise<void> {
    return this.#send(
      letters.map(({ id, record }) => {
        const [topic = '', partition, offset = ''] = id.split('/');
        return [
          topic,
          { partition: Number(partition), key: record.key, value: null, headers: { [settledHeader]: offset } },
        ];
      }),
    );
  }

  async #send(messages: readonly (readonly [topic: string, message: DriverMessage])[]): Promise<void> {
    if (messages.length === 0) return;
    this.#producer ??= this.#open().producer({ acks: -1, patience, repeat: true });
    const byTopic = Map.groupBy(messages, ([topic]) => topic);
    const batch = [...byTopic].map(([topic, those]) => ({ topic, messages: those.map(([, message]) => message) }));
    const failures = await this.#producer.send(batch);
    const [reason] = failures?.values() ?? [];
    if (reason !== undefined) throw reason;
  }

  #open(): KafkaDriver {
    if (this.#isClosed) throw new RpcException('The dead letters were closed', { code: RpcCode.Unavailable });
    const { connection, clientId } = this.#options;
    this.#driver ??= openKafkaJs({ ...connection, clientId, warn: () => undefined });
    return this.#driver;
  }
}

function fits(letter: KafkaDeadLetter, { group = letter.group, pattern = letter.pattern }: DeadLetterFilter): boolean {
  return letter.group === group && letter.pattern === pattern;
}

/** As it was, for one group. It may have been put back before. */
function redriven({ group, partition, record }: KafkaDeadLetter): DriverMessage {
  const headers = Object.entries(record.headers ?? {}).filter(([name]) => !isLetterHeader(name));
  return {
    partition,
    key: record.key,
    value: record.value,
    headers: { ...Object.fromEntries(headers), [groupHeader]: group },
  };
}
