import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@parley/brokers/shared';
import { type ClientProxy, event, message, RpcCode } from '@parley/core';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { Once } from './fixtures/once.ts';
import type { RedisDuty } from './fixtures/redis-duty.ts';
import { clientOfTest, fixture, fleetOfTest, outcomeOf, redisOfTest } from './places.ts';

const Charge = message('charge', { idempotent: false });
const Spent = event('spent', { idempotent: false });

async function place() {
  const { url } = await redisOfTest();
  const fleet = await fleetOfTest();
  let born = 0;
  const enlist = () =>
    fleet.start<RedisDuty>(fixture('once'), {
      name: `service-${born++}`,
      options: { mode: 'streams', url, group: 'service', lease: 1000 },
    });
  const admin = new Redis(url);
  onTestFinished(() => admin.disconnect());
  /** Whether Redis would give nothing of it to anybody any more. */
  const isSettled = async (stream: string) => {
    const [group = []] = (await admin.call('XINFO', 'GROUPS', stream)) as unknown[][];
    const state = (await admin.call('XINFO', 'STREAM', stream)) as unknown[];
    return field(group, 'pending') === 0 && field(group, 'last-delivered-id') === field(state, 'last-generated-id');
  };
  const begun = (id: string) => fleet.entries('begun').filter(([, one]) => one === id).length;
  return { admin, fleet, enlist, isSettled, begun, client: clientOfTest('streams', url) };
}

it.each(['event', 'message'])(
  'streams: what kills its process in the first line of its handler runs once when its contract says so: %s',
  async (kind) => {
    const { fleet, enlist, isSettled, begun, client } = await place();
    for (const id of ['first', 'second', 'third']) {
      const instance = await enlist();
      const work: Once = { id, isDeadly: true };
      const call = kind === 'event' ? client.emit(Spent, work) : client.send(Charge, work, { timeout: 2000 });
      const outcome = outcomeOf(call);
      expect(await instance.exited).toBe('was ended by SIGKILL');
      expect(begun(id)).toBe(1);
      // The broker has nothing to give to anybody, now and from here on.
      expect(await isSettled(kind === 'event' ? 'parley:e:{spent}' : 'parley:m:{charge}')).toBe(true);
      expect(await outcome).toBe(kind === 'event' ? undefined : 408);
    }
    expect(fleet.faults).toEqual([]);
  },
);

it('streams: while instances are killed and connections break, nothing that must not runs twice', {
  timeout: 90_000,
}, async () => {
  const { admin, fleet, enlist, isSettled, client } = await place();
  const count = 600;
  for (let index = 0; index < count; index += 1) {
    if (index % 50 === 0) {
      const alive = fleet.workers.filter(({ end }) => end === undefined);
      if (index % 200 === 150) await alive.shift()?.kill();
      for (let missing = 2 - alive.length; missing > 0; missing -= 1) await enlist();
    }
    if (index % 50 === 25) await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await emit(client, { id: `spent-${index}`, isDeadly: index % 150 === 110 });
  }
  await enlist();
  await until('everything to be settled', () => isSettled('parley:e:{spent}'), { timeout: 30_000 });
  const begun = fleet.entries('begun').map(([, id]) => String(id));
  expect(new Set(begun).size).toBe(begun.length);
  // At most once is what it is; but a death or a break loses no more than what was just about to begin.
  expect(begun.length).toBeGreaterThan(count * 0.8);
  expect(fleet.faults).toEqual([]);
  console.log(`${begun.length} of ${count} were handled`);
});

/** What is surely not there is emitted again; what may be there is not: that would be another event. */
async function emit(client: ClientProxy, work: Once): Promise<void> {
  while ((await outcomeOf(client.emit(Spent, work))) === RpcCode.Unavailable) await pause(20);
}

/** Of what Redis answers as names and values one after the other. */
function field(answer: unknown[], name: string): unknown {
  return answer[answer.indexOf(name) + 1];
}
