import type { Fleet, Worker } from '@parley/brokers/fleet';
import { until } from '@parley/brokers/shared';
import { expect } from 'vitest';
import type { Tally } from './fixtures/caller.ts';
import type { RedisDuty } from './fixtures/redis-duty.ts';
import { clientOfTest, fixture, fleetOfTest, type Mode, redisOfTest, startService } from './places.ts';

const restarts = 20;
/** The default of a call's timeout, in milliseconds: nothing may take longer. */
const callTimeout = 20_000;

/** Redis is restarted in the middle of traffic, again and again, by every default of both sides. */
export async function surviveRestarts(mode: Mode, { appendonly = false } = {}): Promise<void> {
  const broker = await redisOfTest({ appendonly });
  const fleet = await fleetOfTest();
  const services = ['first', 'second'];
  for (const name of services) await startService(fleet, name, mode, broker.url);
  const callers = await Promise.all(
    ['alice', 'bob'].map((name) =>
      fleet.start<RedisDuty>(fixture('caller'), { name, options: { mode, url: broker.url } }),
    ),
  );

  for (let round = 1; round <= restarts; round++) {
    await flowing(callers);
    if (round % 2 === 0) await broker.kill();
    else await broker.stop();
    // Sometimes it is away so long that everybody finds out.
    if (round % 4 === 0) await refused(callers);
    await broker.start();
  }
  await flowing(callers);

  const tallies = await Promise.all(callers.map((caller) => caller.order<Tally>('stop')));
  for (const { begun, ended, slowest, pending } of tallies) {
    expect(Object.values(ended).reduce((sum, count) => sum + count, 0)).toBe(begun);
    expect(pending).toBe(0);
    expect(slowest).toBeLessThan(callTimeout);
    // 503: surely not sent; 502: unknown. Nothing else may come of an outage.
    expect(Object.keys(ended).filter((end) => !['sent', 'emitted', '502', '503'].includes(end))).toEqual([]);
  }

  await expectHearing(fleet, mode, broker.url, services);
  if (appendonly && mode === 'streams') await expectAllEventsHandled(fleet);
  for (const worker of fleet.workers) expect(await worker.close()).toBe('exited with code 0');
  expect(fleet.faults).toEqual([]);
}

/** Every caller gets answers, and its events are taken. */
async function flowing(callers: readonly Worker[]): Promise<void> {
  await moved(callers, 'answers', ({ ended }) => Math.min(ended['sent'] ?? 0, ended['emitted'] ?? 0), 20);
}

async function refused(callers: readonly Worker[]): Promise<void> {
  await moved(callers, 'refusals', ({ ended }) => ended['503'] ?? 0, 10);
}

async function moved(
  callers: readonly Worker[],
  what: string,
  count: (tally: Tally) => number,
  by: number,
): Promise<void> {
  await Promise.all(
    callers.map(async (caller) => {
      const before = count(await caller.order<Tally>('tally'));
      await until(`${what} to ${caller.name}`, async () => count(await caller.order<Tally>('tally')) >= before + by);
    }),
  );
}

/** Nobody is deaf: each instance gets what it is to get. */
async function expectHearing(fleet: Fleet, mode: Mode, url: string, services: readonly string[]): Promise<void> {
  const client = clientOfTest(mode, url);
  // Each connects again when its own wait is over; of what pub/sub carries until then it hears nothing.
  await Promise.all(
    services.map((name) =>
      until(`${name} to hear`, async () => {
        const id = `probe-${performance.now()}`;
        const [first] = await Promise.allSettled([client.send('work', { id }), client.emit('news.probe', { id })]);
        return (
          first.status === 'fulfilled' &&
          fleet.entries('handled', name).some(([, handled]) => String(handled).startsWith('probe'))
        );
      }),
    ),
  );
  const ids = Array.from({ length: 100 }, (_, index) => `after-${index}`);
  const replies = await Promise.all(ids.map((id) => client.send('work', { id })));
  expect(replies.map((reply) => (reply as { id: string }).id)).toEqual(ids);
  for (const id of ids) {
    await client.emit('job', { id: `job-${id}` });
    await client.emit('news.today', { id: `news-${id}` });
  }
  const kinds = [...ids, ...ids.map((id) => `job-${id}`), ...ids.map((id) => `news-${id}`)];
  await until('all of them to be handled', () => {
    const handled = services.map((name) => new Set(fleet.entries('handled', name).map(([, id]) => id)));
    return kinds.every((id) =>
      mode === 'pubsub' ? handled.every((ofOne) => ofOne.has(id)) : handled.some((ofOne) => ofOne.has(id)),
    );
  });
}

/** What Redis said it has, and kept, some instance handled. */
async function expectAllEventsHandled(fleet: Fleet): Promise<void> {
  const emitted = fleet.entries('emitted').map(([, id]) => id);
  await until('every event that was taken to be handled', () => {
    const handled = new Set(fleet.entries('handled').map(([, id]) => id));
    return emitted.every((id) => handled.has(id));
  });
  expect(emitted.length).toBeGreaterThan(0);
}
