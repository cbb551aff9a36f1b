import type { Broker, Producer, Message as Record } from 'kafkajs';
import { type Access, type Each, Loop } from './kafka-access.ts';
import { type Leader, leaderOf, openKafka } from './kafka-cluster.ts';

/** kafkajs's producer; its Fetch, without what its consumer does for a group between two of them. */
export async function openPlain(address: string): Promise<Access> {
  const kafka = openKafka(address);
  const producer = kafka.producer({ retry: { retries: 2 } });
  await producer.connect();
  const loops: Loop[] = [];
  const leaders: Leader[] = [];
  return {
    async write(topic, acks) {
      const batches = new Batches(producer, topic, acks);
      return (key, value) => batches.add(key === '' ? { value } : { key, value }, value.length);
    },
    async read(topic, each) {
      const leader = await leaderOf(kafka, topic);
      leaders.push(leader);
      let position = 0;
      loops.push(
        new Loop(async () => {
          position = await fetchOnce(leader.broker, topic, position, each);
        }),
      );
    },
    async close() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await Promise.all(leaders.map((leader) => leader.close()));
      await producer.disconnect();
    },
  };
}

/** kafkajs's form of the answer to a Fetch. */
interface Fetched {
  readonly responses: readonly {
    readonly partitions: readonly { readonly messages: readonly (Record & { readonly offset: string })[] }[];
  }[];
}

const maxFetch = 4 * 1024 * 1024;

/** @returns where the next one begins. */
async function fetchOnce(broker: Broker, topic: string, position: number, each: Each): Promise<number> {
  const partitions = [{ partition: 0, fetchOffset: String(position), maxBytes: maxFetch }];
  const { responses } = (await broker.fetch({
    maxWaitTime: 100,
    minBytes: 1,
    maxBytes: maxFetch,
    isolationLevel: 0,
    topics: [{ topic, partitions }],
  })) as Fetched;
  let next = position;
  for (const record of responses[0]?.partitions[0]?.messages ?? []) {
    const offset = Number(record.offset);
    // A Fetch brings whole batches.
    if (offset < next) continue;
    next = offset + 1;
    each(String(record.key ?? ''), String(record.value));
  }
  return next;
}

/** More in one batch, and kafkajs takes time that grows with their square. */
const largest = 1_000;
/** Brokers take 1 048 588 bytes for a batch by default. What is beside the texts, which are ASCII, fits into the rest. */
const maxBytes = 900_000;

/** Records for one topic: one Produce under way, all others wait and leave together. */
class Batches {
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #acks: number;
  #waiting: Record[] = [];
  #bytes = 0;
  #next: Promise<unknown> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(producer: Producer, topic: string, acks: number) {
    this.#producer = producer;
    this.#topic = topic;
    this.#acks = acks;
  }

  add(record: Record, bytes: number): Promise<unknown> {
    const isFull = this.#waiting.length >= largest || this.#bytes + bytes > maxBytes;
    if (this.#next === undefined || isFull) {
      const batch: Record[] = [];
      this.#waiting = batch;
      this.#bytes = 0;
      this.#next = this.#last.then(() => this.#send(batch));
      this.#last = this.#next;
    }
    this.#waiting.push(record);
    this.#bytes += bytes;
    return this.#next;
  }

  #send(messages: Record[]): Promise<unknown> {
    if (messages === this.#waiting) this.#next = undefined;
    return this.#producer.send({ topic: this.#topic, acks: this.#acks, messages });
  }
}
