import type { Fleet, Worker } from '@parley/brokers/fleet';
import { until } from '@parley/brokers/shared';
import { expect, it } from 'vitest';
import type { Job, ServiceDuty } from './fixtures/service.ts';
import { adminOfTest, clientOfTest, fixture, fleetOfTest, kafkaOfTest } from './places.ts';

const rowLength = 40;

/** The instance that has begun with a job. */
async function beginnerOf(fleet: Fleet, instances: readonly Worker[], place: number): Promise<Worker> {
  return until(`somebody to begin with ${place}`, () =>
    instances.find(({ name }) => fleet.entries('begun', name).some(([, , begun]) => begun === place)),
  );
}

it('an instance that was stopped for longer than its session neither gives up nor begins with what others have', {
  timeout: 90_000,
}, async () => {
  const broker = await kafkaOfTest({ properties: { 'group.min.session.timeout.ms': '1000' } });
  const { brokers } = broker;
  const fleet = await fleetOfTest();
  const options = {
    brokers,
    group: 'service',
    sessionTimeout: 3000,
    heartbeatInterval: 300,
    topics: { partitions: 1 },
    retry: { attempts: 1 },
  };
  const instances = await Promise.all(
    ['first', 'second'].map((name) => fleet.start<ServiceDuty>(fixture('service'), { name, options })),
  );
  const client = clientOfTest({ brokers });
  const emit = (job: Job) => client.emit('job', job, { key: job.key });
  // What is at the head of the row fails for good, when its process is told; the rest waits behind it.
  await emit({ key: 'row', place: 0, fate: 'always', isHeld: true });
  await Promise.all(Array.from({ length: rowLength - 1 }, (_, index) => emit({ key: 'row', place: index + 1 })));
  const stopped = await beginnerOf(fleet, instances, 0);
  stopped.pause();
  const other = instances.find((instance) => instance !== stopped);
  await other?.order('release');
  await until('the other to have done the row', () => fleet.entries('done', other?.name).length === rowLength - 1, {
    timeout: 30_000,
  });
  const admin = await adminOfTest(broker);
  const letters = async () => (await admin.fetchTopicOffsets('job.dlt'))[0]?.high;
  expect(await letters()).toBe('1');

  // Both at once: its handler ends, and it learns what has become of its place in the group.
  const released = stopped.order('release');
  stopped.resume();
  await released;
  await until('it to come to the end of its handler', () => fleet.entries('failed', stopped.name).length > 0);
  await until(
    'it to be back in its group',
    async () => {
      const { groups } = await admin.describeGroups(['service']);
      return groups[0]?.state === 'Stable' && groups[0].members.length === 2;
    },
    { timeout: 30_000 },
  );
  // Whoever has the partition now.
  await emit({ key: 'row', place: rowLength });
  await until('the next to be done', () => fleet.entries('done').some(([, , place]) => place === rowLength));
  expect(await letters()).toBe('1');
  const begun = fleet.entries('begun', stopped.name).map(([, , place]) => place);
  expect(begun.filter((place) => place !== rowLength)).toEqual([0]);
  expect(fleet.faults).toEqual([]);
});
