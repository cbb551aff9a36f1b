import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@parley/brokers/shared';
import { type ClientProxy, event, message, RpcCode } from '@parley/core';
import { expect, it } from 'vitest';
import type { Once, OnceDuty } from './fixtures/once.ts';
import { adminOfTest, clientOfTest, fixture, fleetOfTest, kafkaOfTest, outcomeOf } from './places.ts';

const Charge = message('charge', { idempotent: false });
const Spent = event('spent', { idempotent: false });

async function place() {
  const broker = await kafkaOfTest({ properties: { 'group.min.session.timeout.ms': '1000' } });
  const { brokers } = broker;
  const fleet = await fleetOfTest();
  let born = 0;
  const options = {
    brokers,
    group: 'service',
    sessionTimeout: 1500,
    heartbeatInterval: 300,
    topics: { partitions: 3 },
  };
  const enlist = () => fleet.start<OnceDuty>(fixture('once'), { name: `service-${born++}`, options });
  const admin = await adminOfTest(broker);
  /** Whether Kafka would give nothing of it to anybody any more. */
  const isSettled = async (groupId: string, topic: string) => {
    const ends = await admin.fetchTopicOffsets(topic);
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const offsets = new Map(committed?.partitions.map(({ partition, offset }) => [partition, offset]));
    return ends.every(({ partition, high }) => offsets.get(partition) === high);
  };
  const begun = (id: string) => fleet.entries('begun').filter(([, one]) => one === id).length;
  return { fleet, enlist, isSettled, begun, client: clientOfTest({ brokers }) };
}

it.each(['event', 'message'])(
  'what kills its process in the first line of its handler runs once when its contract says so: %s',
  { timeout: 180_000 },
  async (kind) => {
    const { fleet, enlist, isSettled, begun, client } = await place();
    for (const id of ['first', 'second']) {
      const instance = await enlist();
      const work: Once = { id, isDeadly: true };
      const call = kind === 'event' ? client.emit(Spent, work) : client.send(Charge, work, { timeout: 15_000 });
      const outcome = outcomeOf(call);
      expect(await instance.exited).toBe('was ended by SIGKILL');
      expect(begun(id)).toBe(1);
      // The broker has nothing to give to anybody, now and from here on.
      const [group, topic] = kind === 'event' ? ['service', 'spent'] : ['service.rpc', 'charge.rpc'];
      expect(await isSettled(group, topic)).toBe(true);
      expect(await outcome).toBe(kind === 'event' ? undefined : 408);
    }
    expect(fleet.faults).toEqual([]);
  },
);

it('while instances come, die and are killed, nothing that must not runs twice', { timeout: 240_000 }, async () => {
  const { fleet, enlist, isSettled, client } = await place();
  const count = 600;
  for (let index = 0; index < count; index += 1) {
    if (index % 100 === 0) {
      const alive = fleet.workers.filter(({ end }) => end === undefined);
      if (index % 200 === 100) await alive.shift()?.kill();
      for (let missing = 2 - alive.length; missing > 0; missing -= 1) await enlist();
    }
    await emit(client, { id: `spent-${index}`, isDeadly: index % 300 === 250 }, `key-${index % 20}`);
  }
  await enlist();
  await until('everything to be settled', () => isSettled('service', 'spent'), { timeout: 60_000 });
  const begun = fleet.entries('begun').map(([, id]) => String(id));
  expect(new Set(begun).size).toBe(begun.length);
  // At most once is what it is; but a death loses no more than what was just about to begin.
  expect(begun.length).toBeGreaterThan(count * 0.8);
  expect(fleet.faults).toEqual([]);
  console.log(`${begun.length} of ${count} were handled`);
});

/** What is surely not there is emitted again; what may be there is not: that would be another event. */
async function emit(client: ClientProxy, work: Once, key: string): Promise<void> {
  while ((await outcomeOf(client.emit(Spent, work, { key }))) === RpcCode.Unavailable) await pause(20);
}
