import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@parley/brokers/shared';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { bareProducer, DriverWorld, GroupNotes, put, ReaderNotes, unique } from './driver-world.ts';

/** As brokers are by default: a new group waits 3 s for more members. */
let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start({ properties: { 'group.initial.rebalance.delay.ms': '3000' } });
});
afterAll(() => world[Symbol.asyncDispose]());

/** CPU time as a share, in the quietest of five windows: garbage is collected and code compiled in the others. */
async function idle(milliseconds: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let window = 0; window < 5; window += 1) {
    const before = process.cpuUsage();
    const begun = performance.now();
    await sleep(milliseconds / 5);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000 / (performance.now() - begun));
  }
  return least;
}

it('an idle connection uses a small part of the CPU time that kafkajs’s does', async () => {
  const driver = world.open();
  const topic = unique('idle');
  await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
  await put(driver.producer({ acks: 1 }), [{ topic, messages: [{ value: 'v' }] }]);
  const notes = ReaderNotes.on(driver, { topic });
  await notes.reader.start();
  await sleep(500);
  const ours = await idle(3000);
  await driver.close(1000);
  await sleep(500);
  const nothing = await idle(2000);

  const bare = world.bare().producer(bareProducer);
  await bare.connect();
  await bare.send({ topic, messages: [{ value: 'v' }] });
  const theirs = await idle(3000);
  await bare.disconnect();
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
  console.log(
    `idle: producer, admin and reader ${percent(ours)}, kafkajs’s producer alone ${percent(theirs)}, nothing ${percent(nothing)}`,
  );
  expect(Math.max(ours - nothing, 0)).toBeLessThan((theirs - nothing) / 2);
});

it('a reader is ready in milliseconds, where a group waits for the rebalance delay', async () => {
  const driver = world.open();
  const topic = unique('ready');
  await driver.admin.ensureTopics([{ topic, partitions: 12 }]);
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const fresh = world.open();
    const begun = performance.now();
    const notes = ReaderNotes.on(fresh, { topic });
    await notes.reader.start();
    times.push(performance.now() - begun);
    await fresh.close(1000);
  }
  const median = times.sort((a, b) => a - b)[10] ?? Infinity;
  const begun = performance.now();
  const group = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic] });
  await group.consumer.start();
  const joined = performance.now() - begun;
  await driver.close(1000);
  console.log(
    `ready: reader ${median.toFixed(1)} ms (median of 20, slowest ${times.at(-1)?.toFixed(1)}), group ${joined.toFixed(0)} ms`,
  );
  expect(joined).toBeGreaterThan(2900);
  expect(median).toBeLessThan(joined / 3);
});

it('leaves no socket and no timer behind, whatever was under way', async () => {
  const resources = (): number =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'TCPSocketWrap').length;
  const before = resources();
  const topic = unique('rest');
  const first = world.open();
  await first.admin.ensureTopics([{ topic, partitions: 3 }]);
  await first.close(1000);
  for (let round = 0; round < 3; round++) {
    const driver = world.open();
    const notes = ReaderNotes.on(driver, { topic });
    await notes.reader.start();
    const group = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic] });
    const starting = group.consumer.start();
    const producer = driver.producer({ acks: -1, patience: 60_000 });
    const sending = producer.send([{ topic, messages: [{ partition: 99, value: 'to nowhere' }] }]);
    const asking = Promise.allSettled([driver.admin.listTopics(), driver.admin.partitionsOf(topic), starting]);
    await driver.close(500);
    expect((await sending)?.size).toBe(1);
    await asking;
  }
  await until('all to be gone', () => resources() <= before);
});

it('says nothing on the console, and everything to the function that it is given', async () => {
  const spies = (['log', 'error', 'warn', 'info', 'debug'] as const).map((name) => vi.spyOn(console, name));
  const lines: string[] = [];
  const driver = world.open({ brokers: ['127.0.0.1:1'], log: (level, message) => lines.push(`${level} ${message}`) });
  await expect(driver.connect()).rejects.toMatchObject({ code: 503 });
  expect(lines.some((line) => /^error Connection: .*ECONNREFUSED/.test(line))).toBe(true);
  for (const spy of spies) {
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  }
});
