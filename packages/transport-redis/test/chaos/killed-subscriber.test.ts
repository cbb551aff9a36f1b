import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@parley/brokers/shared';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { clientOfTest, fleetOfTest, outcomeOf, redisOfTest, startService } from './places.ts';

const rounds = 40;
const callsOfRound = 25;
/** Milliseconds from one reply to the next: what the way to a kill takes is little against all of them. */
const step = 5;

/** The connections that listen to channels, by their ids. */
async function subscribers(admin: Redis): Promise<string[]> {
  const list = String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub'));
  return [...list.matchAll(/^id=(\d+)/gm)].map(([, id]) => id ?? '');
}

it('pub/sub: a caller whose subscriber is killed while replies are on their way gets each of them, or 502', {
  timeout: 90_000,
}, async () => {
  const broker = await redisOfTest();
  const fleet = await fleetOfTest();
  await startService(fleet, 'service', 'pubsub', broker.url);
  const admin = new Redis(broker.url);
  onTestFinished(() => admin.disconnect());
  const others = new Set(await subscribers(admin));
  // The default waits longer after each connection that did not last.
  const client = clientOfTest('pubsub', broker.url, { reconnect: { initial: 20, max: 50 } });

  const outcomes = { replies: 0, lost: 0 };
  for (let round = 0; round < rounds; round++) {
    // They are sent, and their replies come one after the other; somewhere among them the connection ends.
    await until('the client', async () => (await outcomeOf(client.send('work', { id: 'back' }))) instanceof Object);
    const calls = Array.from({ length: callsOfRound }, async (_, index) => {
      const ms = index * step;
      const start = performance.now();
      const outcome = await outcomeOf(client.send('work', { id: `${round}-${ms}`, ms }));
      return { outcome, took: performance.now() - start, id: `${round}-${ms}` };
    });
    await pause((round % callsOfRound) * step);
    const [own, ...more] = (await subscribers(admin)).filter((id) => !others.has(id));
    expect(more).toEqual([]);
    expect(await admin.call('CLIENT', 'KILL', 'ID', own ?? 'none')).toBe(1);

    for (const { outcome, took, id } of await Promise.all(calls)) {
      if (outcome === 502) outcomes.lost++;
      else {
        expect(outcome).toEqual({ id, by: 'service' });
        outcomes.replies++;
      }
      expect(took).toBeLessThan(10_000);
    }
    expect(client.pending).toBe(0);
  }
  // Else the connection was never killed at the time that this is about.
  expect(outcomes.replies).toBeGreaterThan(rounds);
  expect(outcomes.lost).toBeGreaterThan(rounds);
  expect(fleet.faults).toEqual([]);
});
