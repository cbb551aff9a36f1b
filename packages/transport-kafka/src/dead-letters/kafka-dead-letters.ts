import {
  type DeadLetterFilter,
  type DeadLetterSelection,
  fitsDeadLetterFilter,
  RpcCode,
  RpcException,
  readDeadLetterFilter,
  selectedDeadLetters,
} from '@parley/core/transport';
import {
  type DriverMessage,
  type DriverProducer,
  type KafkaDriver,
  openKafkaJs,
  type SendFailures,
} from '../driver/index.ts';
import { type KafkaOptions, type ResolvedKafkaOptions, resolveKafkaOptions } from '../kafka-options.ts';
import { groupHeader } from '../wire/headers.ts';
import { type KafkaDeadLetter, readLetter } from './dead-letter.ts';
import { isLetterHeader, settledHeader } from './letter-headers.ts';
import { lettersIn } from './letters-in.ts';

/** Milliseconds for which a send is tried again. */
const patience = 10_000;
/** Letters that are put back or removed together. */
const mostAtOnce = 500;
const mostBytesAtOnce = 4 * 1_048_576;

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

  /** Topic by topic, oldest first: those that are there when their topic's turn comes. */
  async *list(filter: DeadLetterFilter = {}): AsyncGenerator<KafkaDeadLetter, void, undefined> {
    const { names, group } = this.#options;
    const wanted = readDeadLetterFilter('kafka', filter, group);
    const { admin } = this.#open();
    for (const topic of (await admin.listTopics()).toSorted()) {
      if (!names.isDeadLetters(topic)) continue;
      for await (const { place, record } of lettersIn(admin, topic)) {
        const letter = readLetter(place, record, names);
        if (letter !== undefined && fitsDeadLetterFilter(letter, wanted)) yield letter;
      }
    }
  }

  /**
   * Puts letters back at the end of the partition that they came from, for the group that failed only. Each is then no letter
   * any more; if this is interrupted between the two, or two do it at once, it is put back again by the next. Handlers
   * that had succeeded run again, too. Those that are not complete stay.
   *
   * @param which letters from {@link list}, or a filter; all by default.
   * @returns how many. Rejects with why the first one could not be, when those beside it have been.
   */
  redrive(which: DeadLetterSelection<KafkaDeadLetter> = {}): Promise<number> {
    return this.#each(which, async (letters) => {
      const back = new Map(
        letters.filter(({ isComplete }) => isComplete).map((letter) => [redriven(letter), letter] as const),
      );
      const failures = await this.#send([...back].map(([message, { topic }]) => [topic, message]));
      for (const message of failures?.keys() ?? []) back.delete(message);
      await this.#settle([...back.values()]);
      const [reason] = failures?.values() ?? [];
      if (reason !== undefined) throw reason;
      return back.size;
    });
  }

  /** Forgets letters. @param which letters from {@link list}, or a filter; `{}` for all. @returns how many. */
  remove(which: DeadLetterSelection<KafkaDeadLetter>): Promise<number> {
    return this.#each(which, async (letters) => {
      await this.#settle(letters);
      return letters.length;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#producer?.close(1000);
    await this.#driver?.close(1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Some at a time: there may be more of them than memory. What dies anew meanwhile is behind what is looked at. */
  async #each(
    which: DeadLetterSelection<KafkaDeadLetter>,
    act: (letters: readonly KafkaDeadLetter[]) => Promise<number>,
  ): Promise<number> {
    const letters = selectedDeadLetters('kafka', which, (filter) => this.list(filter));
    let count = 0;
    let some: KafkaDeadLetter[] = [];
    let bytes = 0;
    for await (const letter of letters) {
      some.push(letter);
      bytes += letter.record.value?.length ?? 0;
      if (some.length < mostAtOnce && bytes < mostBytesAtOnce) continue;
      count += await act(some);
      some = [];
      bytes = 0;
    }
    return some.length === 0 ? count : count + (await act(some));
  }

  /** Says in the letters' own partitions that they are none any more. */
  async #settle(letters: readonly KafkaDeadLetter[]): Promise<void> {
    const failures = await this.#send(
      letters.map(({ id, record }) => {
        const [topic = '', partition, offset = ''] = id.split('/');
        return [
          topic,
          { partition: Number(partition), key: record.key, value: null, headers: { [settledHeader]: offset } },
        ];
      }),
    );
    const [reason] = failures?.values() ?? [];
    if (reason !== undefined) throw reason;
  }

  async #send(
    messages: readonly (readonly [topic: string, message: DriverMessage])[],
  ): Promise<SendFailures | undefined> {
    if (messages.length === 0) return undefined;
    // Nobody else looks whether one came twice.
    this.#producer ??= this.#open().producer({ acks: -1, patience, idempotent: true });
    const byTopic = Map.groupBy(messages, ([topic]) => topic);
    const batch = [...byTopic].map(([topic, those]) => ({ topic, messages: those.map(([, message]) => message) }));
    return this.#producer.send(batch);
  }

  #open(): KafkaDriver {
    if (this.#isClosed) throw new RpcException('The dead letters were closed', { code: RpcCode.Unavailable });
    const { connection, clientId } = this.#options;
    this.#driver ??= openKafkaJs({ ...connection, clientId, warn: () => undefined });
    return this.#driver;
  }
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
