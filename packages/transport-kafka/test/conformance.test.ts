import { type KafkaBroker, startKafka } from '@parley/brokers/kafka';
import { describeTransport } from '@parley/testing/conformance';
import { afterAll, beforeAll } from 'vitest';
import { Kafka, KafkaAdmin, KafkaConsumer, KafkaProducer } from '../src/index.ts';
import { KafkaWorld } from './kafka-world.ts';

let broker: KafkaBroker;

beforeAll(async () => {
  broker = await startKafka({ properties: { 'group.min.session.timeout.ms': '500' } });
});
afterAll(() => broker.close());

describeTransport({
  name: 'kafka',
  create: () => new KafkaWorld(broker),
  unwraps: { server: [Kafka, KafkaProducer, KafkaConsumer, KafkaAdmin], client: [Kafka, KafkaProducer, KafkaAdmin] },
  patience: 20_000,
  scale: 0.4,
  supports: {
    wildcards: true,
    order: true,
    durableEvents: true,
    deadLetters: true,
    countsDeliveries: false,
    groups: true,
    takeover: true,
    broadcast: true,
    nobodyListens: 'waits',
    noHandler: 'waits',
    peerCalls: false,
    restart: true,
    crash: true,
    waitsForRoom: true,
  },
});
