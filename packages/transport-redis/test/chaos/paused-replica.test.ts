import type { Fleet, Worker } from '@parley/brokers/fleet';
import { until } from '@parley/brokers/shared';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { clientOfTest, fleetOfTest, redisOfTest, startService } from './places.ts';

const lease = 3000;
/** Longer than it takes to pause the process that has begun with it, and shorter than the lease. */
const ms = 2000;

/** Two replicas, and everything that is published to inboxes. */
async function setup() {
  const broker = await redisOfTest();
  const fleet = await fleetOfTest();
  const replicas = [
    await startService(fleet, 'first', 'streams', broker.url, { lease }),
    await startService(fleet, 'second', 'streams', broker.url, { lease }),
  ];
  const listener = new Redis(broker.url);
  onTestFinished(() => listener.disconnect());
  const answers: string[] = [];
  listener.on('pmessage', (_glob: string, _channel: string, message: string) => answers.push(message));
  await listener.psubscribe('parley:i:*');
  return { broker, fleet, replicas, answers, client: clientOfTest('streams', broker.url) };
}

/** The replica that has begun with a message, and is paused in it. */
async function pausedIn(fleet: Fleet, replicas: readonly Worker[], id: string): Promise<Worker> {
  return until(
    `somebody to begin with ${id}`,
    () => {
      const replica = replicas.find(({ name }) => fleet.entries('begun', name).some(([, begun]) => begun === id));
      replica?.pause();
      return replica;
    },
    { every: 5 },
  );
}

it('streams: a replica that is paused in a message has it taken over, and does not answer when it wakes', {
  timeout: 90_000,
}, async () => {
  const { fleet, replicas, answers, client } = await setup();
  for (let round = 0; round < 3; round++) {
    const id = `message-${round}`;
    const reply = client.send('work', { id, ms });
    const paused = await pausedIn(fleet, replicas, id);
    expect(fleet.entries('handled', paused.name).map(([, handled]) => handled)).not.toContain(id);

    const other = replicas.find((replica) => replica !== paused);
    expect(await reply).toEqual({ id, by: other?.name });
    expect(fleet.entries('handled', other?.name)).toContainEqual(['handled', id, 2]);

    paused.resume();
    await until('it to come to the end of its handler', () =>
      fleet.entries('handled', paused.name).some(([, handled]) => handled === id),
    );
    // What it says after that comes after what it might have said to that.
    await until('it to answer again', async () => {
      const next = (await client.send('work', { id: `next-${id}` })) as { by: string };
      return next.by === paused.name;
    });
    expect(answers.filter((answer) => answer.includes(`"id":"${id}"`)).length).toBe(1);
  }
  expect(fleet.faults).toEqual([]);
});

it('streams: an event whose handler is paused is taken over, and settled once', { timeout: 90_000 }, async () => {
  const { broker, fleet, replicas, client } = await setup();
  const admin = new Redis(broker.url);
  onTestFinished(() => admin.disconnect());
  await client.emit('job', { id: 'event', ms });
  const paused = await pausedIn(fleet, replicas, 'event');
  const other = replicas.find((replica) => replica !== paused);
  await until('the other to take it over', () => fleet.entries('handled', other?.name).length > 0);
  expect(fleet.entries('handled', other?.name)).toEqual([['handled', 'event', 2]]);
  paused.resume();
  await until('it to wake', () => fleet.entries('handled', paused.name).length > 0);
  await until('nothing to be pending', async () => {
    const [pending] = (await admin.xpending('parley:e:{job}', 'service')) as [number];
    return pending === 0;
  });
  // Both hear of what comes next, so what they had to do with the first is done.
  const more = Array.from({ length: 50 }, (_, index) => `more-${index}`);
  await Promise.all(more.map((id) => client.emit('job', { id })));
  await until('the next to be handled', () =>
    more.every((id) => fleet.entries('handled').some(([, handled]) => handled === id)),
  );
  expect(
    fleet
      .entries('begun')
      .filter(([, id]) => id === 'event')
      .map(([, , attempt]) => attempt)
      .toSorted(),
  ).toEqual([1, 2]);
  expect(fleet.faults).toEqual([]);
});
