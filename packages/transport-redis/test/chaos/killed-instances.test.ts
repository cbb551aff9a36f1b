import { until } from '@parley/brokers/shared';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { RedisOptions } from '../../src/index.ts';
import type { PublisherDuty } from './fixtures/publisher.ts';
import { fixture, fleetOfTest, redisOfTest, startService } from './places.ts';

const publishers = 4;
const events = 10_000;
const failEvery = 100;
/** Handled events after which an instance is killed, and replaced. */
const deaths = [800, 1_600, 2_400, 3_200, 5_000, 6_000, 7_000, 8_000, 9_000];
/** … and after which Redis is. */
const redisDeath = 4_000;

const stream = 'parley:e:{job}';
const options: RedisOptions = { lease: 1_000, retry: { attempts: 3, backoff: { initial: 10, max: 50 } } };

it('streams: 10 000 events survive instances that are killed, and Redis, too', { timeout: 120_000 }, async () => {
  const broker = await redisOfTest({ appendonly: true });
  const fleet = await fleetOfTest();
  let born = 0;
  const enlist = () => startService(fleet, `service-${born++}`, 'streams', broker.url, options);
  let instances = await Promise.all([enlist(), enlist(), enlist()]);
  const sources = await Promise.all(
    Array.from({ length: publishers }, (_, index) =>
      fleet.start<PublisherDuty>(fixture('publisher'), {
        name: `publisher-${index}`,
        options: { mode: 'streams', url: broker.url },
        events: events / publishers,
        failEvery,
        rest: 15,
        ms: 100,
      }),
    ),
  );
  const handledUntilNow = (count: number) =>
    until(`${count} events to be handled`, () => fleet.entries('handled').length >= count, {
      timeout: 60_000,
      every: 50,
    });

  for (const count of [...deaths, redisDeath].toSorted((a, b) => a - b)) {
    await handledUntilNow(count);
    if (count === redisDeath) {
      await broker.kill();
      await broker.start();
    } else {
      const [oldest, ...others] = instances;
      await oldest?.kill();
      instances = [...others, await enlist()];
    }
  }
  await Promise.all(sources.map((source) => source.order('finish')));

  const emitted = new Map(fleet.entries('emitted').map(([, id, tries]) => [String(id), Number(tries)]));
  const failing = [...emitted.keys()].filter((id) => id.endsWith('-fails'));
  expect(emitted.size).toBe(events);
  expect(failing.length).toBe(events / failEvery);

  const admin = new Redis(broker.url);
  onTestFinished(() => admin.disconnect());
  await until('everything to be settled', async () => {
    const [group] = (await admin.call('XINFO', 'GROUPS', stream)) as unknown[][];
    const state = (await admin.call('XINFO', 'STREAM', stream)) as unknown[];
    return field(group, 'pending') === 0 && field(group, 'last-delivered-id') === field(state, 'last-generated-id');
  });

  // None lost: each was handled, or is dead, which are exactly those that were made to fail.
  const handled = fleet.entries('handled').map(([, id]) => String(id));
  expect(new Set(handled)).toEqual(new Set([...emitted.keys()].filter((id) => !id.endsWith('-fails'))));
  const letters = await deadLetters(admin);
  expect(new Set(letters)).toEqual(new Set(failing));

  // Twice only what was delivered again (its attempt says so), or emitted again because the first try's outcome was unknown.
  const begun = fleet.entries('begun').map(([, id, attempt]) => ({ id: String(id), attempt: Number(attempt) }));
  const firsts = countBy(begun.filter(({ attempt }) => attempt === 1).map(({ id }) => id));
  const tooOften = ([id, count]: [string, number]) => count > (emitted.get(id) ?? 0);
  expect([...firsts].filter(tooOften)).toEqual([]);
  expect([...countBy(letters)].filter(tooOften)).toEqual([]);
  const again = begun.filter(({ id, attempt }) => attempt > 1 && !id.endsWith('-fails'));
  const emittedAgain = [...emitted.values()].reduce((sum, tries) => sum + tries - 1, 0);
  expect(handled.length - (events - failing.length)).toBeLessThanOrEqual(again.length + emittedAgain);
  // Else nobody was killed in the middle of anything.
  expect(again.length).toBeGreaterThan(deaths.length);
  expect(fleet.faults).toEqual([]);
});

/** The ids of the events in all dead letters. */
async function deadLetters(admin: Redis): Promise<string[]> {
  const keys = await admin.smembers('parley:dead');
  const entries = await Promise.all(keys.map((key) => admin.xrange(key, '-', '+')));
  return entries.flat().map(([, fields]) => /"id":"([^"]+)"/.exec(fields.slice(4).join('\n'))?.[1] ?? 'unreadable');
}

/** Of what Redis answers as names and values one after the other. */
function field(answer: unknown[] = [], name: string): unknown {
  return answer[answer.indexOf(name) + 1];
}

function countBy(ids: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
