import { recordCalls } from '@parley/testing';
import { expect, it } from 'vitest';
import type { KafkaContext } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';

const stage = KafkaStage.use();

it('an event whose partition goes to another instance while its handler waits for a retry is tried there only', async () => {
  // Half of it at least: longer than a rebalance takes on a machine that is busy.
  const retry = { attempts: 3, backoff: { initial: 20_000, max: 20_000 } };
  const topics = { partitions: 2 };
  const failing = recordCalls((_data, { attempt }) => {
    if (attempt === 1) throw new Error('not yet');
  });
  const first = await stage.service((host) => host.event('fails', failing), { retry, topics });
  const keys = Array.from({ length: 8 }, (_, index) => `key-${index}`);
  const client = stage.client();
  for (const key of keys) await client.emit('fails', key, { key });
  await stage.until(() => failing.calls.length === keys.length, 'each had failed once');
  const partitionOf = new Map(
    failing.calls.map(({ data, context }) => [data, (context as KafkaContext).partition] as const),
  );
  expect(new Set(partitionOf.values())).toEqual(new Set([0, 1]));

  const taking = recordCalls();
  await stage.service((host) => host.event('fails', taking), { retry, topics });
  const running = () => first.health()['bus']?.transporter?.handling ?? 0;
  await stage.until(() => running() === 0, 'all waits of the first one were over', 60_000);
  const taken = taking.calls.map(({ data }) => data as string);
  const triedAgain = failing.calls.slice(keys.length).map(({ data }) => data as string);
  expect([...taken, ...triedAgain].sort()).toEqual(keys);
  // One partition went, the other one stayed, with those that were under way in it.
  expect(new Set(taken.map((key) => partitionOf.get(key))).size).toBe(1);
  expect(new Set(triedAgain.map((key) => partitionOf.get(key))).size).toBe(1);
  expect(stage.log.filter(({ message }) => message.includes('is not tried again here'))).not.toEqual([]);
});
