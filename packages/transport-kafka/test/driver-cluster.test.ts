import { until } from '@parley/brokers/shared';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DriverWorld, GroupNotes, ReaderNotes, unique } from './driver-world.ts';
import { losesNothing } from './driver-writer.ts';

/** Three nodes; every topic has three replicas, two of which must have what is acknowledged. */
let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start({ nodes: 3 });
});
afterAll(() => world[Symbol.asyncDispose]());

const replicated = { partitions: 6, replication: 3, config: { 'min.insync.replicas': '2' } };

/** Which node leads the partition, as kafkajs's own admin says. */
async function leaderOf(topic: string, partition: number): Promise<number> {
  const admin = world.bare().admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.disconnect();
  return topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
}

it('a reader loses nothing that was acknowledged when its leader is killed', async () => {
  const driver = world.open();
  const topic = unique('leader');
  await driver.admin.ensureTopics([{ topic, ...replicated }]);
  await losesNothing(driver, topic, async ({ reader }) => {
    const leader = await leaderOf(topic, reader.partition);
    await world.broker.kill(leader);
    await until('another leader', async () => (await leaderOf(topic, reader.partition)) !== leader);
    await world.broker.start(leader);
  });
});

it('a reader loses nothing that was acknowledged when all three are restarted, one after the other', async () => {
  const driver = world.open();
  const topic = unique('rolling');
  await driver.admin.ensureTopics([{ topic, ...replicated }]);
  await losesNothing(driver, topic, async () => {
    for (const node of [0, 1, 2]) await world.broker.restart(node);
  });
});

it('a producer and a group go on when a node is killed, and nothing is lost', async () => {
  const driver = world.open();
  const topic = unique('group');
  await driver.admin.ensureTopics([{ topic, ...replicated }]);
  const notes = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic] });
  await notes.consumer.start();
  const producer = driver.producer({ acks: -1, patience: 60_000, repeat: true });
  const total = 300;
  for (let number = 0; number < total; number++) {
    if (number === 100) await world.broker.kill(1);
    if (number === 200) await world.broker.start(1);
    const failures = await producer.send([{ topic, messages: [{ key: String(number), value: String(number) }] }]);
    expect(failures).toBeUndefined();
  }
  await until('all', () => new Set(notes.values).size === total, { timeout: 60_000 });
});

it('a reader starts while a node is down, in a partition that has a leader', async () => {
  const driver = world.open();
  const topic = unique('down');
  await driver.admin.ensureTopics([{ topic, partitions: 6, replication: 1 }]);
  await world.broker.kill(2);
  try {
    for (let round = 0; round < 5; round++) {
      const notes = ReaderNotes.on(world.open(), { topic });
      await until('a start', () => notes.reader.start().then(() => true));
      const failures = await driver
        .producer({ acks: -1, patience: 20_000 })
        .send([{ topic, messages: [{ partition: notes.reader.partition, value: 'v' }] }]);
      expect(failures).toBeUndefined();
      await until('the record', () => notes.values.length === 1);
      await notes.reader.close(1000);
    }
  } finally {
    await world.broker.start(2);
  }
});
