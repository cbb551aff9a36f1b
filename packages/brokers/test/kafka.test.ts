import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type KafkaBroker, type KafkaOptions, startKafka } from '../src/kafka/index.ts';
import { askForNodes } from '../src/kafka/probe.ts';
import { until } from '../src/shared/until.ts';
import { isAlive } from './clients.ts';
import { consume, createTopic, kafkajs, produce } from './kafka-clients.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

beforeEach(() => {
  // These are about brokers of our own.
  vi.stubEnv('KAFKA_BROKERS', '');
});

async function start(options?: KafkaOptions): Promise<KafkaBroker> {
  const broker = await startKafka(options);
  onTestFinished(() => broker.close());
  return broker;
}

const portOf = ({ brokers }: KafkaBroker, node = 0): number => Number(brokers[node]?.split(':')[1]);

describe('a Kafka of one node', () => {
  it('keeps its address and its data over stop, kill and restart', async () => {
    const broker = await start();
    const { brokers } = broker;
    const kafka = kafkajs(brokers);
    await createTopic(kafka, 'kept');
    await produce(kafka, 'kept', 'before');

    const [first] = broker.pids;
    await broker.stop();
    expect(isAlive(first)).toBe(false);
    expect(broker.pids).toEqual([]);
    await broker.stop();
    await broker.start();
    await produce(kafka, 'kept', 'stopped');

    const [second] = broker.pids;
    await broker.kill();
    expect(isAlive(second)).toBe(false);
    await broker.start();
    await produce(kafka, 'kept', 'killed');

    await broker.restart();
    await produce(kafka, 'kept', 'restarted');
    expect(broker.brokers).toEqual(brokers);
    expect(await consume(kafka, 'kept', 4)).toEqual(['before', 'stopped', 'killed', 'restarted']);
    await expect(broker.start()).rejects.toThrow('runs already');
    await expect(broker.start(1)).rejects.toThrow('no node 1');
  });

  it('answers nobody while it is paused, and everybody when it is resumed', async () => {
    const broker = await start();
    const kafka = kafkajs(broker.brokers);
    await createTopic(kafka, 'paused');
    broker.pause();
    await expect(askForNodes(portOf(broker))).rejects.toThrow('does not answer');
    let isSent = false;
    const sent = produce(kafka, 'paused', 'late').then(() => (isSent = true));
    expect(isAlive(broker.pids[0])).toBe(true);
    expect(isSent).toBe(false);
    broker.resume();
    await sent;
    expect(await consume(kafka, 'paused', 1)).toEqual(['late']);
  });

  it('can be stopped, and closed, while it is paused', async () => {
    const broker = await start();
    broker.pause();
    await broker.stop();
    expect(broker.pids).toEqual([]);
    await broker.start();
    broker.pause();
    const [pid] = broker.pids;
    await broker.close();
    expect(isAlive(pid)).toBe(false);
    await broker.close();
    await expect(broker.start()).rejects.toThrow('closed');
  });

  it('makes no topic by itself, unless it is told to', async () => {
    const [strict, lax] = await Promise.all([start(), start({ properties: { 'auto.create.topics.enable': 'true' } })]);
    const quick = { retry: { retries: 1, initialRetryTime: 10 } };
    await expect(produce(kafkajs(strict.brokers, quick), 'missing', 'x')).rejects.toThrow('does not host this topic');
    const producer = kafkajs(lax.brokers).producer();
    await producer.connect();
    await producer.send({ topic: 'missing', messages: [{ value: 'x' }] });
    await producer.disconnect();
    expect(await consume(kafkajs(lax.brokers), 'missing', 1)).toEqual(['x']);
  });

  it('says why it does not start', async () => {
    await expect(startKafka({ properties: { 'log.segment.bytes': 'nonsense' } })).rejects.toThrow(
      /node 0 of Kafka .* has ended:[^]*nonsense/,
    );
  });
});

describe('who may talk to it', () => {
  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('by %s', async (mechanism) => {
    const sasl = { mechanism, username: 'alice', password: 'se-c.r_e~t' } as const;
    const broker = await start({ sasl });
    const kafka = kafkajs(broker.brokers, { sasl: sasl });
    await createTopic(kafka, 'secret');
    await produce(kafka, 'secret', 'x');
    expect(await consume(kafka, 'secret', 1)).toEqual(['x']);

    const wrong = kafkajs(broker.brokers, { sasl: { ...sasl, password: 'wrong' } });
    await expect(produce(wrong, 'secret', 'y')).rejects.toMatchObject({ name: 'KafkaJSSASLAuthenticationError' });
    const none = kafkajs(broker.brokers, { retry: { retries: 0 }, requestTimeout: 1000 });
    await expect(produce(none, 'secret', 'z')).rejects.toThrow(/Closed connection|timed out/);
    expect(await consume(kafka, 'secret', 1)).toEqual(['x']);
  });

  it('by TLS, also with SASL', async () => {
    const sasl = { mechanism: 'plain', username: 'alice', password: 'secret' } as const;
    const broker = await start({ tls: true, sasl });
    const kafka = kafkajs(broker.brokers, { ssl: broker.tls ?? false, sasl });
    await createTopic(kafka, 'sealed');
    await produce(kafka, 'sealed', 'x');
    expect(await consume(kafka, 'sealed', 1)).toEqual(['x']);

    const distrustful = kafkajs(broker.brokers, { ssl: true, sasl, retry: { retries: 0 } });
    await expect(produce(distrustful, 'sealed', 'y')).rejects.toThrow(/certificate/);
  });
});

// Three times Java, started again and again.
describe('a Kafka of three nodes', { timeout: 180_000 }, () => {
  it('goes on without one of them, whichever it is, and loses nothing that all replicas had', async () => {
    const broker = await start({ nodes: 3 });
    const kafka = kafkajs(broker.brokers);
    await createTopic(kafka, 'replicated', 3);
    const admin = kafka.admin();
    await admin.connect();
    onTestFinished(() => admin.disconnect());
    const partition = async () => (await admin.fetchTopicMetadata({ topics: ['replicated'] })).topics[0]?.partitions[0];

    await produce(kafka, 'replicated', 'three');
    const leader = (await partition())?.leader ?? -1;
    await broker.kill(leader);
    expect(broker.pids).toHaveLength(2);
    await produce(kafka, 'replicated', 'two');
    // The one that is asked may be told of it a little later than the one that is written to.
    await until('another to lead', async () => ![leader, -1, undefined].includes((await partition())?.leader));

    await broker.start(leader);
    const known = () => Promise.all([0, 1, 2].map((node) => askForNodes(portOf(broker, node))));
    await until('every node to know all', async () => (await known()).every((ids) => ids.join() === '0,1,2'));
    await until('every replica to be in sync', async () => (await partition())?.isr.length === 3);
    const next = (await partition())?.leader ?? -1;
    await broker.restart(next);
    await produce(kafka, 'replicated', 'restarted');
    const expected = ['three', 'two', 'restarted'];
    expect(await consume(kafka, 'replicated', 3)).toEqual(expected);
  });

  it('comes back when all of them were killed', async () => {
    const broker = await start({ nodes: 3 });
    const kafka = kafkajs(broker.brokers);
    await createTopic(kafka, 'replicated', 3);
    await produce(kafka, 'replicated', 'x');
    await broker.kill();
    // No majority: nothing to wait for.
    await broker.start(1);
    await broker.start();
    expect(await consume(kafka, 'replicated', 1)).toEqual(['x']);
  });
});
