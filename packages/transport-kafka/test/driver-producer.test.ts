import { until } from '@parley/brokers/shared';
import type { RpcException } from '@parley/core/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriverMessage, SendFailures } from '../src/driver/driver.ts';
import { bareProducer, DriverWorld, grow, patient, put, ReaderNotes, unique } from './driver-world.ts';

let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

function codes(failures: SendFailures | undefined): number[] {
  return [...(failures ?? new Map<DriverMessage, RpcException>()).values()].map(({ code }) => code);
}

async function written(driver: ReturnType<DriverWorld['open']>, topic: string): Promise<number> {
  const offsets = await driver.admin.endOffsets(topic);
  return offsets.reduce((sum, { offset }) => sum + Number(offset), 0);
}

describe('a partition that is newer than the metadata', () => {
  it('is written to; kafkajs writes nothing and says nothing', async () => {
    const driver = world.open();
    const topic = unique('grown');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    const producer = driver.producer(patient);
    const bare = world.bare().producer(bareProducer);
    await bare.connect();
    await bare.send({ topic, messages: [{ partition: 0, value: 'a' }] });
    expect(await producer.send([{ topic, messages: [{ partition: 0, value: 'a' }] }])).toBeUndefined();

    await grow(driver, topic, 3);
    const before = await written(driver, topic);
    expect(await bare.send({ topic, messages: [{ partition: 2, value: 'lost' }] })).toEqual([]);
    expect(await written(driver, topic)).toBe(before);
    await bare.disconnect();

    expect(await producer.send([{ topic, messages: [{ partition: 2, value: 'b' }] }])).toBeUndefined();
    expect(await written(driver, topic)).toBe(before + 1);
  });

  it('fails with 404 if it does not come, and what is sent with it is written', async () => {
    const driver = world.open();
    const topic = unique('two');
    await driver.admin.ensureTopics([{ topic, partitions: 2 }]);
    const producer = driver.producer({ acks: -1 });
    const stray = { partition: 2, value: 'x' };
    const failures = await producer.send([{ topic, messages: [{ partition: 0, value: 'a' }, stray, { value: 'b' }] }]);
    expect(failures?.get(stray)).toMatchObject({
      code: 404,
      message: expect.stringContaining('no partition 2, only 2'),
    });
    expect(failures?.size).toBe(1);
    expect(await written(driver, topic)).toBe(2);
  });
});

describe('a topic that was deleted', () => {
  it('fails with 404, alone: kafkajs then fails for topics that it did not know yet', async () => {
    const driver = world.open();
    const [gone, kept, later] = [unique('gone'), unique('kept'), unique('later')];
    await driver.admin.ensureTopics([{ topic: gone }, { topic: kept }]);
    const producer = driver.producer({ acks: -1 });
    const bare = world.bare().producer({ ...bareProducer, retry: { retries: 2, initialRetryTime: 20 } });
    await bare.connect();
    for (const topic of [gone, kept]) {
      await bare.send({ topic, messages: [{ value: 'a' }] });
      await put(producer, [{ topic, messages: [{ value: 'a' }] }]);
    }
    await driver.admin.deleteTopics([gone]);
    await until('the deletion', async () => (await driver.admin.partitionsOf(gone)) === undefined);
    await driver.admin.ensureTopics([{ topic: later }]);
    await expect(bare.send({ topic: later, messages: [{ value: 'b' }] })).rejects.toThrow(/./);
    await bare.disconnect();

    const lost = { value: 'b' };
    const failures = await producer.send([
      { topic: gone, messages: [lost] },
      { topic: kept, messages: [{ value: 'b' }] },
      { topic: later, messages: [{ value: 'b' }] },
    ]);
    expect([...(failures ?? [])].map(([message, { code }]) => [message, code])).toEqual([[lost, 404]]);
    // Exactly once: what was written is not written again because something else failed.
    expect([await written(driver, kept), await written(driver, later)]).toEqual([3, 1]);

    await driver.admin.ensureTopics([{ topic: gone }]);
    expect(await producer.send([{ topic: gone, messages: [lost] }])).toBeUndefined();
    expect(await written(driver, gone)).toBe(1);
  });
});

describe('what a broker refuses', () => {
  it('is 413 for a message that is too large, and for it alone', async () => {
    const driver = world.open();
    const topic = unique('small');
    await driver.admin.ensureTopics([{ topic, partitions: 1, config: { 'max.message.bytes': '2000' } }]);
    const producer = driver.producer({ acks: -1 });
    const huge = { value: Buffer.alloc(3000) };
    const messages: DriverMessage[] = Array.from({ length: 20 }, (_, i) => ({ value: `${i}`.padEnd(300) }));
    messages.splice(7, 0, huge);
    const failures = await producer.send([{ topic, messages }]);
    expect([...(failures ?? [])].map(([message, { code }]) => [message, code])).toEqual([[huge, 413]]);
    const notes = ReaderNotes.on(driver, { topic, partition: 0, from: 'beginning' });
    await notes.reader.start();
    await until('all', () => notes.values.length === 20);
    expect(notes.values.map((value) => Number(value))).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('is 400 for a record without a key in a compacted topic', async () => {
    const driver = world.open();
    const topic = unique('compact');
    await driver.admin.ensureTopics([{ topic, partitions: 1, config: { 'cleanup.policy': 'compact' } }]);
    const failures = await driver.producer({ acks: -1 }).send([{ topic, messages: [{ value: 'a' }] }]);
    expect(codes(failures)).toEqual([400]);
  });

  it('is told before anything is sent when a codec is missing', () => {
    const driver = world.open();
    expect(() => driver.producer({ acks: 1, compression: 'zstd' })).toThrow(/no codec for "zstd"/);
    expect(() => driver.producer({ acks: 1, idempotent: true })).toThrow(/acks: -1/);
  });
});

describe('a batch', () => {
  it('of 20 000 messages for one partition keeps its order, gzipped or not, in batches that brokers take', async () => {
    const driver = world.open();
    for (const compression of ['none', 'gzip'] as const) {
      const topic = unique('large');
      await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
      const messages = Array.from({ length: 20_000 }, (_, i) => ({ value: `${i}`.padEnd(200, '.') }));
      expect(await driver.producer({ acks: -1, compression }).send([{ topic, messages }])).toBeUndefined();
      const notes = ReaderNotes.on(driver, { topic, partition: 0, from: 'beginning' });
      await notes.reader.start();
      await until('all', () => notes.values.length >= 20_000);
      expect(notes.values.findIndex((value, i) => Number.parseInt(value, 10) !== i)).toBe(-1);
    }
  });

  it('spreads keys as Java and kafkajs do, and keeps messages without one together', async () => {
    const driver = world.open();
    const [ours, theirs] = [unique('ours'), unique('theirs')];
    await driver.admin.ensureTopics([ours, theirs].map((topic) => ({ topic, partitions: 7 })));
    const keyed = Array.from({ length: 200 }, (_, i) => ({ key: `key ${i} ä`, value: 'v' }));
    const producer = driver.producer({ acks: -1 });
    await put(producer, [{ topic: ours, messages: keyed }]);
    const bare = world.bare().producer(bareProducer);
    await bare.connect();
    await bare.send({ topic: theirs, messages: keyed });
    await bare.disconnect();
    const offsets = async (topic: string): Promise<string[]> =>
      [...(await driver.admin.endOffsets(topic))].sort((a, b) => a.partition - b.partition).map(({ offset }) => offset);
    expect(await offsets(ours)).toEqual(await offsets(theirs));
    const free = unique('free');
    await driver.admin.ensureTopics([{ topic: free, partitions: 7 }]);
    await put(producer, [{ topic: free, messages: Array.from({ length: 50 }, () => ({ value: 'v' })) }]);
    expect((await offsets(free)).filter((offset) => offset !== '0')).toEqual(['50']);
  });
});

describe.concurrent('when the broker goes away', () => {
  it('patience sends what surely was not written, once; without it that fails with 503 at once', async () => {
    await using own = await DriverWorld.start();
    const driver = own.open();
    const topic = unique('outage');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    const [waits, hasty] = [driver.producer({ acks: -1, patience: 60_000 }), driver.producer({ acks: -1 })];
    await put(waits, [{ topic, messages: [{ value: 'a' }] }]);
    await put(hasty, [{ topic, messages: [{ value: 'a' }] }]);
    await own.broker.stop();
    const waiting = waits.send([{ topic, messages: [{ value: 'b' }] }]);
    expect(codes(await hasty.send([{ topic, messages: [{ value: 'b' }] }]))).toEqual([503]);
    await own.broker.start();
    expect(await waiting).toBeUndefined();
    expect(await hasty.send([{ topic, messages: [{ value: 'c' }] }])).toBeUndefined();
    expect(await written(driver, topic)).toBe(4);
  });

  it.each([
    ['an idempotent producer writes everything exactly once', { idempotent: true }, 'exactly'],
    ['a repeating one everything at least once', { repeat: true }, 'at least'],
  ] as const)('%s, killed in the middle of traffic', async (_, options, times) => {
    await using own = await DriverWorld.start();
    const driver = own.open();
    const topic = unique('killed');
    await driver.admin.ensureTopics([{ topic, partitions: 3 }]);
    const producer = driver.producer({ acks: -1, patience: 60_000, ...options });
    const total = 600;
    let sent = 0;
    const restart = async (): Promise<void> => {
      await until('a third', () => sent > total / 3);
      await own.broker.kill();
      await own.broker.start();
    };
    const restarted = restart();
    for (; sent < total; sent++) {
      const failures = await producer.send([{ topic, messages: [{ partition: sent % 3, value: String(sent) }] }]);
      expect(failures).toBeUndefined();
    }
    await restarted;
    const count = await written(driver, topic);
    if (times === 'exactly') expect(count).toBe(total);
    else expect(count).toBeGreaterThanOrEqual(total);
  });

  it('a send under way when it closes ends with 502 or 503, later ones with 503, and nothing reconnects', async () => {
    await using own = await DriverWorld.start();
    const driver = own.open();
    const topic = unique('closing');
    await driver.admin.ensureTopics([{ topic }]);
    const producer = driver.producer({ acks: -1, patience: 60_000 });
    await put(producer, [{ topic, messages: [{ value: 'a' }] }]);
    own.broker.pause();
    const sending = producer.send([{ topic, messages: [{ value: 'b' }] }]);
    const begun = performance.now();
    await producer.close(200);
    // A request gets 10 s.
    expect(performance.now() - begun).toBeLessThan(8000);
    expect(codes(await sending)).toEqual([502]);
    expect(codes(await producer.send([{ topic, messages: [{ value: 'c' }] }]))).toEqual([503]);
    own.broker.resume();
  });
});

it('learns the broker’s clock from what it writes to topics with LogAppendTime', async () => {
  const driver = world.open();
  const topic = unique('clock');
  await driver.admin.ensureTopics([{ topic, partitions: 1, config: { 'message.timestamp.type': 'LogAppendTime' } }]);
  expect(driver.clock.now()).toBeUndefined();
  expect(driver.clock.uncertainty).toBe(Infinity);
  const producer = driver.producer({ acks: 1 });
  for (let i = 0; i < 10; i++) await put(producer, [{ topic, messages: [{ value: 'tick' }] }]);
  // The broker runs on this machine's clock; between two looks at it this process may have to wait for its turn.
  const before = Date.now();
  const told = driver.clock.now() ?? 0;
  const after = Date.now();
  const wrong = Math.ceil(driver.clock.uncertainty) + 2;
  expect(told).toBeGreaterThanOrEqual(before - wrong);
  expect(told).toBeLessThanOrEqual(after + wrong);
  expect(driver.clock.uncertainty).toBeLessThan(1000);
});
