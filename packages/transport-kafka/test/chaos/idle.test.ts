import { setTimeout as pause } from 'node:timers/promises';
import type { Duty, Worker } from '@parley/brokers/fleet';
import { expect, it } from 'vitest';
import type { KafkaOptions } from '../../src/index.ts';
import { fixture, fleetOfTest, kafkaOfTest } from './places.ts';

/** Milliseconds for which both are watched, four times: time passing is the subject. */
const watch = 2000;

it('a client that is connected and idle takes a fraction of the CPU that kafkajs takes', async () => {
  const { brokers } = await kafkaOfTest();
  const fleet = await fleetOfTest();
  const options = { brokers };
  const idle = await fleet.start<Duty & { options: KafkaOptions }>(fixture('idle-client'), { name: 'idle', options });
  const bare = await fleet.start<Duty & { brokers: readonly string[] }>(fixture('idle-kafkajs'), {
    name: 'bare',
    brokers,
  });
  const used = async (worker: Worker): Promise<number> => {
    const { user, system } = await worker.order<NodeJS.CpuUsage>('cpu');
    return (user + system) / 1000;
  };
  // What their start has left to be done, such as collecting its garbage, is over.
  await pause(1000);
  const marks = [await Promise.all([idle, bare].map(used))];
  while (marks.length <= 4) {
    await pause(watch);
    marks.push(await Promise.all([idle, bare].map(used)));
  }
  // The quietest of the four: in the others garbage is collected, and code compiled.
  const [ours = Number.NaN, theirs = Number.NaN] = [0, 1].map((which) =>
    Math.min(
      ...marks.slice(1).map((mark, index) => (mark[which] ?? Number.NaN) - (marks[index]?.[which] ?? Number.NaN)),
    ),
  );
  const percent = (time: number): string => `${((100 * time) / watch).toFixed(2)} %`;
  console.log(`idle: ${percent(ours)} of a core; a producer and a consumer of kafkajs: ${percent(theirs)}`);
  expect(ours).toBeLessThan(theirs / 4);
  for (const worker of [idle, bare]) expect(await worker.close()).toBe('exited with code 0');
  expect(idle.output).toBe('');
  expect(fleet.entries('unhandled')).toEqual([]);
});
