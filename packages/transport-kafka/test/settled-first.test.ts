import { setTimeout as pause } from 'node:timers/promises';
import { event } from '@parley/core';
import { recordCalls } from '@parley/testing';
import { expect, it } from 'vitest';
import { KafkaStage } from './kafka-stage.ts';

const stage = KafkaStage.use();
const Spent = event('spent', { idempotent: false });

it('what must not be handled twice goes on with hardly any room, though each waits for all before it in its partition', async () => {
  const handler = recordCalls(() => pause(3));
  await stage.service((host) => host.event(Spent, handler), { concurrency: 2, topics: { partitions: 1 } });
  const client = stage.client();
  const count = 300;
  // Rows that wait behind themselves, between others that do not.
  const keyOf = (index: number) => (index % 3 === 0 ? 'row' : `key-${index}`);
  await Promise.all(Array.from({ length: count }, (_, index) => client.emit(Spent, index, { key: keyOf(index) })));
  // Each waits for commits: hundreds of round trips.
  await stage.until(() => handler.calls.length >= count, 'all were handled', 50_000);
  const handled = handler.calls.map(({ data }) => data as number);
  expect(handled.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
  const row = handled.filter((index) => index % 3 === 0);
  expect(row).toEqual(row.toSorted((a, b) => a - b));
  expect(stage.log.filter(({ level }) => level !== 'debug' && level !== 'info')).toEqual([]);
});
