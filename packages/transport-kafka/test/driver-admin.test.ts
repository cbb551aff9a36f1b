import { setImmediate as nextTurn } from 'node:timers/promises';
import { until } from '@parley/brokers/shared';
import type { Admin, Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DriverWorld, GroupNotes, ReaderNotes, unique } from './driver-world.ts';
import { api, noting } from './noting.ts';

let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

describe('ensureTopics', () => {
  it('makes those that are missing beside those that exist, and each can be written to when it resolves', async () => {
    const driver = world.open();
    const topics = Array.from({ length: 8 }, () => unique('t'));
    await driver.admin.ensureTopics(topics.slice(0, 3).map((topic) => ({ topic, partitions: 2 })));
    await driver.admin.ensureTopics(topics.map((topic) => ({ topic, partitions: 5 })));
    const producer = driver.producer({ acks: -1 });
    const batch = topics.map((topic, i) => ({ topic, messages: [{ partition: i < 3 ? 1 : 4, value: 'v' }] }));
    expect(await producer.send(batch)).toBeUndefined();
    expect(await driver.admin.partitionsOf(topics[0] ?? '')).toBe(2);
    expect(await driver.admin.partitionsOf(topics[7] ?? '')).toBe(5);
    expect(await driver.admin.partitionsOf(unique('none'))).toBeUndefined();
    expect(await driver.admin.listTopics()).toEqual(expect.arrayContaining(topics));
  });

  it('asks once for a hundred that are wanted at the same time', async () => {
    const asked: number[] = [];
    const driver = world.open({ kafkajs: { socketFactory: noting((kind) => asked.push(kind)) } });
    const topics = Array.from({ length: 100 }, () => unique('many'));
    await Promise.all(topics.map((topic) => driver.admin.ensureTopics([{ topic, partitions: 1 }])));
    expect(asked.filter((kind) => kind === api.createTopics)).toHaveLength(1);
    asked.length = 0;
    await Promise.all(topics.map((topic) => driver.admin.ensureTopics([{ topic }])));
    expect(asked).toEqual([]);
  });

  it('knows when a topic is gone: a producer that finds it missing makes it forget', async () => {
    const driver = world.open();
    const topic = unique('again');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    const other = world.open();
    await other.admin.deleteTopics([topic]);
    await until('the deletion', async () => (await other.admin.partitionsOf(topic)) === undefined);
    const failures = await driver.producer({ acks: -1 }).send([{ topic, messages: [{ value: 'v' }] }]);
    expect([...(failures?.values() ?? [])].map(({ code }) => code)).toEqual([404]);
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    expect(await other.admin.partitionsOf(topic)).toBe(1);
  });

  it('refuses names that differ only in "." and "_", naming both, and makes what was asked for with them', async () => {
    const driver = world.open();
    const [dotted, fine] = [unique('a.b'), unique('fine')];
    const twin = dotted.replace('.', '_');
    await driver.admin.ensureTopics([{ topic: dotted }]);
    const refused = driver.admin.ensureTopics([{ topic: twin }]);
    await Promise.all([
      driver.admin.ensureTopics([{ topic: fine }]),
      expect(refused).rejects.toMatchObject({ code: 400 }),
    ]);
    await expect(refused).rejects.toThrow(new RegExp(`${twin}.*${dotted}`));
    expect(await driver.admin.partitionsOf(fine)).toBeGreaterThan(0);
    const one = unique('both.new');
    const results = await Promise.allSettled(
      [one, one.replace('.', '_')].map((topic) => driver.admin.ensureTopics([{ topic }])),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  });

  it.each([
    ['', 'not a name'],
    ['a b', 'not a name'],
    ['..', 'not a name'],
    ['x'.repeat(250), 'not a name'],
  ])('refuses the name %j', async (topic, why) => {
    await expect(world.open().admin.ensureTopics([{ topic }])).rejects.toMatchObject({
      code: 400,
      message: expect.stringContaining(why),
    });
  });

  it('refuses settings that the broker does not know', async () => {
    const refused = world.open().admin.ensureTopics([{ topic: unique('bad'), config: { 'retention.ms': 'long' } }]);
    await expect(refused).rejects.toMatchObject({ code: 400 });
    const many = world.open().admin.ensureTopics([{ topic: unique('bad'), replication: 7 }]);
    await expect(many).rejects.toMatchObject({ code: 400 });
  });

  it('takes the longest name, and makes no topic by itself when one is only looked at', async () => {
    const driver = world.open();
    const topic = unique('x').padEnd(249, 'x');
    await driver.admin.ensureTopics([{ topic }]);
    expect(await driver.admin.partitionsOf(topic)).toBeGreaterThan(0);
  });
});

describe('connecting', () => {
  it('fails with 503 when nobody listens, and says so of the right broker', async () => {
    const driver = world.open({ brokers: ['127.0.0.1:1'] });
    await expect(driver.connect()).rejects.toMatchObject({
      code: 503,
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await expect(driver.admin.ensureTopics([{ topic: 'a' }])).rejects.toMatchObject({ code: 503 });
  });

  it('tries all brokers of the list', async () => {
    const driver = world.open({ brokers: ['127.0.0.1:1', '127.0.0.1:2', ...world.broker.brokers] });
    await driver.connect();
    expect(await driver.admin.listTopics()).toBeInstanceOf(Array);
  });

  it.each(['localhost', '127.0.0.1:', ':9092', '127.0.0.1:70000', '::1:9092x'])('refuses the address %j', (broker) => {
    expect(() => world.open({ brokers: [broker] })).toThrow(/host:port/);
  });

  it('fails with 401 for a wrong password, on every way in, and works with the right one', async () => {
    const sasl = { mechanism: 'scram-sha-256', username: 'parley', password: 'right' } as const;
    await using own = await DriverWorld.start({ sasl });
    const right = own.open({ sasl });
    await right.connect();
    const topic = unique('secret');
    await right.admin.ensureTopics([{ topic, partitions: 1 }]);
    const notes = ReaderNotes.on(right, { topic });
    await notes.reader.start();
    expect(await right.producer({ acks: -1 }).send([{ topic, messages: [{ value: 'v' }] }])).toBeUndefined();
    await until('the record', () => notes.values.length === 1);

    const wrong = own.open({ sasl: { ...sasl, password: 'wrong' } });
    await expect(wrong.connect()).rejects.toMatchObject({ code: 401, message: expect.stringContaining('"sasl"') });
    await expect(wrong.admin.ensureTopics([{ topic: unique('x') }])).rejects.toMatchObject({ code: 401 });
    await expect(ReaderNotes.on(wrong, { topic }).reader.start()).rejects.toMatchObject({ code: 401 });
    const group = GroupNotes.on(wrong, { groupId: unique('g'), topics: [topic] });
    await expect(group.consumer.start()).rejects.toMatchObject({ code: 401 });
    const failures = await wrong.producer({ acks: -1, patience: 20_000 }).send([{ topic, messages: [{ value: 'v' }] }]);
    expect([...(failures?.values() ?? [])].map(({ code }) => code)).toEqual([401]);
  });

  it('works over TLS, and fails with 400 for a certificate that is not trusted', async () => {
    await using own = await DriverWorld.start({ tls: true });
    const driver = own.open({ ssl: own.broker.tls ?? true });
    await driver.connect();
    const topic = unique('tls');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    expect(await driver.producer({ acks: -1 }).send([{ topic, messages: [{ value: 'v' }] }])).toBeUndefined();
    await expect(own.open({ ssl: true }).connect()).rejects.toMatchObject({ code: 400 });
  });
});

it('hands out kafkajs’s own objects, which connect themselves and close with the driver', async () => {
  const driver = world.open();
  const topic = unique('own');
  await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
  const producer = driver.objects.producer as Producer;
  expect(driver.objects.producer).toBe(producer);
  await producer.send({ topic, messages: [{ value: 'by hand' }] });
  const admin = driver.objects.admin as Admin;
  expect((await admin.fetchTopicOffsets(topic))[0]?.high).toBe('1');
  const notes = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic] });
  await notes.consumer.start();
  expect(driver.objects.consumers).toHaveLength(1);
  await notes.consumer.close(1000);
  expect(driver.objects.consumers).toHaveLength(0);
  await driver.close(1000);
  await expect(producer.send({ topic, messages: [{ value: 'late' }] })).rejects.toThrow(/./);
});

it('forgets what it was asked for and is not there, so that names from the wire cost nothing later', async () => {
  let asked = 0;
  const socketFactory = noting((_, request) => {
    asked += request.length;
  });
  const driver = world.open({ kafkajs: { socketFactory } });
  for (let index = 0; index < 100; index += 1) {
    expect(await driver.admin.partitionsOf(`${unique('nowhere')}-${'x'.repeat(100)}`)).toBeUndefined();
  }
  asked = 0;
  expect(await driver.admin.partitionsOf(unique('nowhere'))).toBeUndefined();
  expect(asked).toBeLessThan(1000);
});

it('ends what is asked with 503 when it is closed in the middle of it, whatever kafkajs makes of that', async () => {
  for (let turns = 0; turns < 40; turns++) {
    const driver = world.open();
    const asked = driver.admin.listTopics().catch((error: unknown) => error);
    // Somewhere between the first connection and the answer.
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    await driver.close(1000);
    const outcome = await asked;
    if (!Array.isArray(outcome)) expect(outcome).toMatchObject({ name: 'RpcException', code: 503 });
  }
});
