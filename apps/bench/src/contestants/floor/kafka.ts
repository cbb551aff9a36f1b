import { connect } from 'node:net';
import { Kafka, logLevel, type Producer, type Message as Record } from 'kafkajs';
import type { Caller, ConnectSetup, Contestant, Served, ServeSetup } from '../contestant.ts';
import { createTopics } from '../kafka-topics.ts';
import type { Message, Service } from '../service.ts';
import { type Fetching, fetchAll } from './fetching.ts';
import { stopIdleTimers } from './idle-kafkajs.ts';
import { handlersOf, methodNumber } from './methods.ts';
import { Pending } from './pending.ts';

/**
 * A hand-written minimum over kafkajs: a topic with one partition each for requests, replies and events; all that is
 * written while a Produce is under way leaves with the next one, so that each is one record batch; read without a group. The
 * key of a record is `<id>:<method>`.
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
    const requests = await fetchAll(kafka, `${run}-requests`, ({ key, value }) => {
      const [id = '', method] = String(key).split(':');
      const reply = handlers[Number(method)]?.(JSON.parse(String(value)));
      const answer = (message: Message | undefined): void =>
        void replies.add({ key: id, value: JSON.stringify(message) });
      if (reply instanceof Promise) void reply.then(answer);
      else answer(reply);
    });
    const events = await fetchAll(kafka, `${run}-events`, ({ value }) => service.tick(JSON.parse(String(value))));
    return { address: '', close: () => closeAll([requests, events], producer) };
  },

  async connect(setup: ConnectSetup): Promise<Caller> {
    const { run, broker } = setup;
    const kafka = open(broker);
    const producer = kafka.producer({ retry: { retries: 2 } });
    await producer.connect();
    const requests = new Batches(producer, `${run}-requests`, 1);
    const events = new Batches(producer, `${run}-events`, -1);
    const pending = new Pending();
    const replies = await fetchAll(kafka, `${run}-replies`, ({ key, value }) => {
      pending.settle(Number(String(key)), JSON.parse(String(value)));
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
      close: () => closeAll([replies], producer),
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

async function closeAll(fetching: readonly Fetching[], producer: Producer): Promise<void> {
  await Promise.all(fetching.map((each) => each.close()));
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
