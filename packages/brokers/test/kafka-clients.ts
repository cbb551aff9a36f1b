import { type Consumer, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import { onTestFinished } from 'vitest';
import type { KafkaSasl } from '../src/kafka/index.ts';
import { until } from '../src/shared/until.ts';

export interface KafkajsConfig extends Omit<Partial<KafkaConfig>, 'sasl'> {
  readonly sasl?: KafkaSasl;
}

/** kafkajs, quiet, which tries for half a minute. */
export function kafkajs(brokers: readonly string[], { sasl, ...config }: KafkajsConfig = {}): Kafka {
  return new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 100, initialRetryTime: 50, maxRetryTime: 300 },
    // By default 1 s, for which a busy machine may not let us run.
    connectionTimeout: 30_000,
    ...config,
    // A copy: it writes into it how it authenticates.
    ...(sasl === undefined ? {} : { sasl: { ...sasl } as SASLOptions }),
  });
}

export async function createTopic(kafka: Kafka, topic: string, replicationFactor = 1): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor }], waitForLeaders: true });
  await admin.disconnect();
}

/** Resolves when they are acknowledged by all replicas. */
export async function produce(kafka: Kafka, topic: string, ...values: string[]): Promise<void> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) });
  } finally {
    await producer.disconnect();
  }
}

/** The first `count` values of a topic, by a group of its own. */
export async function consume(kafka: Kafka, topic: string, count: number): Promise<string[]> {
  const values: string[] = [];
  let consumer: Consumer | undefined = kafka.consumer({ groupId: `test-${Math.random()}`, maxWaitTimeInMs: 100 });
  const stop = async (): Promise<void> => {
    await consumer?.disconnect();
    consumer = undefined;
  };
  onTestFinished(stop);
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
  await until(`${count} messages`, () => values.length >= count);
  await stop();
  return values;
}
