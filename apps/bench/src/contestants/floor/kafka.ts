import { connect } from 'node:net';
import { type Consumer, Kafka, logLevel, type Producer, type Message as Record } from 'kafkajs';
import type { Caller, ConnectSetup, Contestant, Served, ServeSetup } from '../contestant.ts';
import { createTopics } from '../kafka-topics.ts';
import type { Message, Service } from '../service.ts';
import { stopIdleTimers } from './idle-kafkajs.ts';
import { handlersOf, methodNumber } from './methods.ts';
import { Pending } from './pending.ts';

/**
 * A hand-written minimum over kafkajs: a topic with one partition each for requests, replies and events; all that is
 * written while a Produce is under way leaves with the next one, so that each is one record batch. The key of a record
 * is `<id>:<method>`.
 */
export const contestant: Contestant = {
  async serve(service: Service, setup: ServeSetup): Promise<Served> {
    const { run, broker } = setup;
    await createTopics(broker, [`${run}-requests`, `${run}-replies`, `${run}-events`]);
    const kafka = open(broker);
    const producer = kafka.producer({ retry: { retries: 2 } });
    await producer.connect();
    const replies = new Batches(producer, `${run}-replies`, 1);
    const handlers = handlersOf(service, setup);
    const consumer = await consume(kafka, run, [`${run}-requests`, `${run}-events`], ({ key, value }) => {
      const data = JSON.parse((value as Buffer).toString());
      if (key === null || key === undefined) return service.tick(data);
      const [id = '', method] = key.toString().split(':');
      const reply = handlers[Number(method)]?.(data);
      const answer = (message: Message | undefined): void =>
        void replies.add({ key: id, value: JSON.stringify(message) });
      if (reply instanceof Promise) void reply.then(answer);
      else answer(reply);
    });
    return { address: '', close: () => close(producer, consumer) };
  },

  async connect(setup: ConnectSetup): Promise<Caller> {
    const { run, broker } = setup;
    const kafka = open(broker);
    const producer = kafka.producer({ retry: { retries: 2 } });
    await producer.connect();
    const requests = new Batches(producer, `${run}-requests`, 1);
    const events = new Batches(producer, `${run}-events`, -1);
    const pending = new Pending();
    const consumer = await consume(kafka, `${run}-client`, [`${run}-replies`], ({ key, value }) => {
      pending.settle(Number(String(key)), JSON.parse((value as Buffer).toString()));
    });
    return {
      method(name) {
        const number = methodNumber(name, setup);
        return (message) =>
          new Promise((resolve) => {
            void requests.add({ key: `${pending.add(resolve)}:${number}`, value: JSON.stringify(message) });
          });
      },
      tick: () => (message) => events.add({ value: JSON.stringify(message) }),
      close: () => close(producer, consumer),
    };
  },
};

function open(broker: string): Kafka {
  stopIdleTimers();
  return new Kafka({
    brokers: [broker],
    clientId: 'floor',
    logLevel: logLevel.NOTHING,
    // kafkajs itself leaves Nagle's algorithm on.
    socketFactory: ({ host, port, onConnect }) => connect({ host, port, noDelay: true }, onConnect),
  });
}

/** From the end of each topic, which has been found when it resolves. */
async function consume(kafka: Kafka, groupId: string, topics: string[], each: (record: Record) => void) {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, minBytes: 1, readUncommitted: true });
  const joined = new Promise((resolve) => {
    consumer.on('consumer.group_join', resolve);
  });
  await consumer.connect();
  // From the beginning: the topics are new, and where "the end" is would be found out only at the first fetch.
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({
    // Where it was is of no use after the run.
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const record of batch.messages) each(record);
    },
  });
  await joined;
  return consumer;
}

async function close(producer: Producer, consumer: Consumer): Promise<void> {
  await consumer.disconnect();
  await producer.disconnect();
}

/** More in one batch, and kafkajs takes time that grows with their square. */
const largest = 1_000;

/** Records for one topic: one Produce under way, all others wait and leave together. */
class Batches {
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #acks: number;
  #waiting: Record[] = [];
  #next: Promise<unknown> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(producer: Producer, topic: string, acks: number) {
    this.#producer = producer;
    this.#topic = topic;
    this.#acks = acks;
  }

  /** Resolves when Kafka has it. */
  add(record: Record): Promise<unknown> {
    if (this.#next === undefined || this.#waiting.length >= largest) {
      const batch: Record[] = [];
      this.#waiting = batch;
      this.#next = this.#last.then(() => this.#send(batch));
      this.#last = this.#next;
    }
    this.#waiting.push(record);
    return this.#next;
  }

  #send(messages: Record[]): Promise<unknown> {
    if (messages === this.#waiting) this.#next = undefined;
    return this.#producer.send({ topic: this.#topic, acks: this.#acks, messages });
  }
}
