import { setTimeout as pause } from 'node:timers/promises';
import type { Worker } from '@parley/brokers/fleet';
import { until } from '@parley/brokers/shared';
import type { ClientProxy } from '@parley/core';
import { expect, it } from 'vitest';
import { type KafkaOptions, kafkaDeadLetters } from '../../src/index.ts';
import type { Job, ServiceDuty } from './fixtures/service.ts';
import { overtakings } from './order-of-keys.ts';
import { adminOfTest, clientOfTest, fixture, fleetOfTest, kafkaOfTest, outcomeOf } from './places.ts';

const keys = 400;
const rowLength = 50;
const attempts = 3;
/** What happens when so many are done. */
const plan = [
  [1_500, 'replaced'],
  [4_000, 'added'],
  [6_500, 'broker restarted'],
  [8_500, 'broker killed'],
  [11_000, 'killed'],
  [13_000, 'replaced'],
  [16_000, 'replaced'],
] as const;

const options: Omit<KafkaOptions, 'brokers'> = {
  group: 'service',
  sessionTimeout: 2000,
  heartbeatInterval: 300,
  retry: { attempts, backoff: { initial: 10, max: 50 } },
};

/** Every fifth fails at first, every hundredth for good: half of those are refused. */
function jobAt(row: number, place: number): Job {
  const number = row * rowLength + place;
  const base = { key: `key-${row}`, place, ms: number % 7 === 0 ? 3 : 0 };
  if (number % 100 === 42) return { ...base, fate: number % 200 === 42 ? 'always' : 'refused' };
  return number % 5 === 0 ? { ...base, fate: 'once' } : base;
}

it('20 000 events survive instances that are killed, and a broker that is restarted and killed', {
  timeout: 180_000,
}, async () => {
  const broker = await kafkaOfTest({ properties: { 'group.min.session.timeout.ms': '1000' } });
  const { brokers } = broker;
  const fleet = await fleetOfTest();
  let born = 0;
  const enlist = (): Promise<Worker> =>
    fleet.start<ServiceDuty>(fixture('service'), { name: `service-${born++}`, options: { ...options, brokers } });
  let instances: Worker[] = await Promise.all([enlist(), enlist(), enlist()]);

  const client = clientOfTest({ brokers });
  const published = Promise.all(Array.from({ length: keys }, (_, row) => publish(client, row)));
  published.catch(() => undefined);
  for (const [count, what] of plan) {
    await until(`${count} to be done`, () => fleet.entries('done').length >= count, { timeout: 60_000, every: 100 });
    const [oldest, ...others] = instances;
    if (what === 'broker restarted') await broker.restart();
    else if (what === 'broker killed') await broker.kill().then(() => broker.start());
    else if (what === 'added') instances = [...instances, await enlist()];
    else {
      await oldest?.kill();
      instances = what === 'replaced' ? [...others, await enlist()] : others;
    }
  }
  const unsure = (await published).reduce((sum, count) => sum + count, 0);

  const all = Array.from({ length: keys }, (_, row) => Array.from({ length: rowLength }, (_, at) => jobAt(row, at)));
  const nameOf = ({ key, place }: Job): string => `${key}/${place}`;
  const isDead = ({ fate }: Job): boolean => fate === 'always' || fate === 'refused';
  const expected = all.flat().filter((job) => !isDead(job));
  const failing = all.flat().filter(isDead);
  const done = () => new Set(fleet.entries('done').map(([, key, place]) => `${key}/${place}`));
  const missing = () => {
    const over = done();
    return expected.filter((job) => !over.has(nameOf(job)));
  };
  await until('the last to be done', () => missing().length === 0, { timeout: 60_000, every: 200 }).catch(() => {});
  // None lost.
  expect(missing().map(nameOf)).toEqual([]);

  // A clean stop leaves nothing to be done again.
  expect(await Promise.all(instances.map((instance) => instance.close()))).toEqual(
    instances.map(() => 'exited with code 0'),
  );
  const admin = await adminOfTest(broker);
  const ends = await admin.fetchTopicOffsets('job');
  const [committed] = await admin.fetchOffsets({ groupId: 'service', topics: ['job'] });
  expect(committed?.partitions.map(({ partition, offset }) => [partition, offset]).sort()).toEqual(
    ends.map(({ partition, high }) => [partition, high]).sort(),
  );
  expect(ends).toHaveLength(12);

  // Dead are exactly those that were made to fail for good.
  await using letters = kafkaDeadLetters({ brokers });
  const dead = await Array.fromAsync(letters.list());
  const bodies = dead.map(({ body }) => JSON.parse(String(body)) as Job);
  expect(new Set(bodies.map(nameOf))).toEqual(new Set(failing.map(nameOf)));
  expect(new Set(dead.map(({ group, topic }) => `${group} ${topic}`))).toEqual(new Set(['service job']));
  for (const [index, { key, attempts: tried, error }] of dead.entries()) {
    const { fate, key: rightKey } = bodies[index] as Job;
    expect(key).toBe(rightKey);
    expect([tried, error.code]).toEqual(fate === 'always' ? [attempts, 500] : [1, 400]);
  }

  // Order per key, over all instances.
  const fates = new Map(all.flat().map((job) => [nameOf(job), job.fate]));
  const isLast = (key: string, place: number, attempt: number): boolean => {
    const fate = fates.get(`${key}/${place}`);
    return fate === 'refused' || (fate === 'always' && attempt === attempts);
  };
  const history = ['begun', 'done', 'failed'].flatMap((what) => fleet.entries(what));
  expect(overtakings(history, isLast)).toEqual([]);

  expect(fleet.faults).toEqual([]);
  const again = fleet.entries('done').length - expected.length;
  console.log(
    `emitted, nobody knows whether: ${unsure}, handled again: ${again}, letters twice: ${dead.length - failing.length}`,
  );
});

/** One after the other, each until Kafka has it for sure. @returns how often that was unknown: those may come twice. */
async function publish(client: ClientProxy, row: number): Promise<number> {
  let unsure = 0;
  for (let place = 0; place < rowLength; place += 1) {
    const job = jobAt(row, place);
    for (;;) {
      const outcome = await outcomeOf(client.emit('job', job, { key: job.key }));
      if (outcome === undefined) break;
      if (outcome !== 503) unsure += 1;
      await pause(200);
    }
    await pause(100 + Math.random() * 200);
  }
  return unsure;
}
