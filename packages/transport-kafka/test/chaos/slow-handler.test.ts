import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@parley/brokers/shared';
import { describe, expect, it } from 'vitest';
import type { KafkaOptions } from '../../src/index.ts';
import type { Job, Question, ServiceDuty } from './fixtures/service.ts';
import { adminOfTest, clientOfTest, fixture, fleetOfTest, kafkaOfTest } from './places.ts';

/** Long enough for a machine that stands still for seconds. */
const sessionTimeout = 5000;
/** Milliseconds: three sessions. `SLOW_HANDLER=60000` to see it for a minute. */
const slow = Number(process.env['SLOW_HANDLER'] ?? 3 * sessionTimeout);

const options: Omit<KafkaOptions, 'brokers'> = { group: 'service', sessionTimeout, heartbeatInterval: 500 };

describe('a handler that runs longer than several sessions', () => {
  it('costs its instance no place in the group, and holds up nobody else', { timeout: slow + 60_000 }, async () => {
    const broker = await kafkaOfTest({ properties: { 'group.min.session.timeout.ms': '1000' } });
    const { brokers } = broker;
    const fleet = await fleetOfTest();
    const names = ['first', 'second'];
    for (const name of names) {
      await fleet.start<ServiceDuty>(fixture('service'), { name, options: { ...options, brokers } });
    }
    const admin = await adminOfTest(broker);
    const members = async (): Promise<string[]> => {
      const { groups } = await admin.describeGroups(['service', 'service.rpc']);
      expect(groups.map(({ state }) => state)).toEqual(['Stable', 'Stable']);
      return groups.flatMap(({ members: all }) => all.map(({ memberId }) => memberId)).sort();
    };
    // Both groups have taken in the second one.
    const before = await until('all members', async () => {
      const all = await members();
      return all.length === 2 * names.length && all;
    });

    const client = clientOfTest({ brokers });
    const emit = (job: Job) => client.emit('job', job, { key: job.key });
    const question: Question = { id: 'slow', ms: slow };
    const answer = client.send('question', question, { timeout: slow + 30_000 });
    answer.catch(() => undefined);
    await emit({ key: 'slow', place: 0, ms: slow });
    await emit({ key: 'slow', place: 1 });
    const over = () => fleet.entries('done').some(([, key, place]) => key === 'slow' && place === 0);
    let rounds = 0;
    while (!over()) {
      await pause(200);
      rounds += 1;
      // One for each partition, and more.
      await Promise.all(Array.from({ length: 50 }, (_, key) => emit({ key: `quick-${key}`, place: rounds })));
      await until(
        'the quick ones',
        () => fleet.entries('done').filter(([, key]) => key !== 'slow').length === rounds * 50,
      );
      expect(await members()).toEqual(before);
    }
    // One at least was over while the slow ones were not.
    expect(rounds).toBeGreaterThan(1);
    expect(await answer).toMatchObject({ id: 'slow' });
    await until('the one behind it', () =>
      fleet.entries('done').some(([, key, place]) => key === 'slow' && place === 1),
    );

    // Nobody else has begun it meanwhile.
    expect(
      fleet
        .entries('begun')
        .filter(([, key]) => key === 'slow')
        .map(([, , place]) => place),
    ).toEqual([0, 1]);
    expect(fleet.entries('asked')).toEqual([['asked', 'slow']]);
    expect(await members()).toEqual(before);
    expect(fleet.entries('log')).toEqual([]);
    expect(fleet.faults).toEqual([]);
  });
});
