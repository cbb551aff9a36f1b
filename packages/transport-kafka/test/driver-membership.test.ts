import { until } from '@parley/brokers/shared';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GroupMemberHost } from '../src/driver/kafkajs/group/group-member.ts';
import { DriverWorld, GroupNotes, grow, patient, put, unique } from './driver-world.ts';
import { type Api, FramePath } from './frame-path.ts';

let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start({ properties: { 'group.min.session.timeout.ms': '300' } });
});
afterAll(() => world[Symbol.asyncDispose]());

/** A group that reads a topic of one partition. */
async function reading(driver = world.open(), sessionTimeout = 2000): Promise<{ topic: string; notes: GroupNotes }> {
  const topic = unique('topic');
  await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
  const intervals = { sessionTimeout, rebalanceTimeout: 2000, heartbeatInterval: 100 };
  const notes = GroupNotes.on(driver, { groupId: unique('g'), topics: [topic], ...intervals });
  await notes.consumer.start();
  return { topic, notes };
}

/** One record to each partition, which all have to come. */
async function readsAll(topic: string, partitions: number, notes: GroupNotes): Promise<void> {
  const values = Array.from({ length: partitions }, (_, partition) => `${unique('v')} to ${partition}`);
  const messages = values.map((value, partition) => ({ partition, value }));
  await put(world.open().producer(patient), [{ topic, messages }]);
  await until('all of them', () => values.every((value) => notes.values.includes(value)));
}

/** As kafkajs's own part sees it. */
function hostOf({ consumer }: GroupNotes): GroupMemberHost {
  return consumer as unknown as GroupMemberHost;
}

describe.concurrent('a member that joins again, since its topic has more partitions now, reads them though it loses', () => {
  const losses: readonly { what: 'request' | 'answer'; api: Api; after?: Api }[] = [
    { what: 'request', api: 'FindCoordinator' },
    { what: 'answer', api: 'FindCoordinator' },
    { what: 'request', api: 'JoinGroup' },
    { what: 'answer', api: 'JoinGroup' },
    { what: 'request', api: 'Metadata', after: 'JoinGroup' },
    { what: 'answer', api: 'Metadata', after: 'JoinGroup' },
    { what: 'request', api: 'SyncGroup' },
    { what: 'answer', api: 'SyncGroup' },
    { what: 'request', api: 'OffsetFetch', after: 'SyncGroup' },
    { what: 'answer', api: 'ListOffsets', after: 'SyncGroup' },
    { what: 'request', api: 'OffsetCommit', after: 'SyncGroup' },
    { what: 'answer', api: 'OffsetCommit', after: 'SyncGroup' },
  ];

  it.each(losses)('the $what $api', async ({ what, api, after }) => {
    await using path = await FramePath.to(world.broker.brokers[0] ?? '');
    const driver = world.open({ kafkajs: { socketFactory: path.socketFactory } });
    const { topic, notes } = await reading(driver);
    const lost = path.lose(what, api, after);
    await grow(world.open(), topic, 3);
    await lost;
    await readsAll(topic, 3, notes);
    await driver.close(1000);
  });
});

describe.concurrent('a member of whom kafkajs believes that it reads, though nobody was told so,', () => {
  it('begins anew, and misses nothing', async () => {
    const { topic, notes } = await reading();
    await readsAll(topic, 1, notes);
    await hostOf(notes).joining();
    expect(notes.consumer.isMember).toBe(false);
    await readsAll(topic, 1, notes);
    await until('it to be a member', () => notes.consumer.isMember);
  });

  it('begins anew also when nothing comes', async () => {
    const { notes } = await reading();
    await hostOf(notes).joining();
    await until('it to be a member', () => notes.consumer.isMember);
  });
});

it('the end of a generation that is over already says nothing of this one', async () => {
  const { topic, notes } = await reading(world.open(), 10_000);
  const host = hostOf(notes);
  const confirmed = host.confirmed.bind(host);
  /** As the group counts: it may have to begin more than one. */
  let current = 0;
  host.confirmed = (generationId, since) => {
    current = generationId;
    confirmed(generationId, since);
  };
  await grow(world.open(), topic, 2);
  await until('the next generation', () => notes.partitions.length === 2);
  current = 0;
  await until('it to be confirmed', () => current > 1 && notes.consumer.isMember);
  host.evicted(current - 1);
  expect(notes.consumer.isMember).toBe(true);
  host.evicted(current);
  expect(notes.consumer.isMember).toBe(false);
});
