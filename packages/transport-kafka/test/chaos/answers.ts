import type { KafkaBroker } from '@parley/brokers/kafka';
import { until } from '@parley/brokers/shared';
import { expect } from 'vitest';
import type { KafkaOptions } from '../../src/index.ts';
import type { CallerDuty, Tally } from './fixtures/caller.ts';
import type { ServiceDuty } from './fixtures/service.ts';
import { fixture, fleetOfTest } from './places.ts';

/** Where the answers go. */
export const replies = 'parley.replies.caller';

/**
 * While clients ask all the time, something is done to the broker; resolves when they are answered as before. What an
 * outage may cost is a refusal: 503 (surely not asked) or 502 (unknown). A question that was asked and whose answer does not
 * come would end with 408.
 */
export async function survives(
  broker: KafkaBroker,
  options: Partial<KafkaOptions>,
  breakIt: () => Promise<unknown>,
): Promise<Tally> {
  const { brokers } = broker;
  const fleet = await fleetOfTest();
  const shared = { brokers, ...options };
  await fleet.start<ServiceDuty>(fixture('service'), { name: 'service', options: { ...shared, group: 'service' } });
  const duty = { name: 'caller', options: { ...shared, clientId: 'caller' }, clients: 4, pace: 20, ms: 2 };
  const caller = await fleet.start<CallerDuty>(fixture('caller'), duty);
  const own = async () => (await caller.order<Tally>('tally')).ended['own'] ?? 0;
  const answered = async (count: number): Promise<void> => {
    const before = await own();
    await until(`${count} answers`, async () => (await own()) >= before + count);
  };
  await caller.order('begin');
  await answered(200);
  await breakIt();
  await answered(200);
  const tally = await caller.order<Tally>('stop');
  console.log(JSON.stringify(tally));
  const asked = new Set(fleet.entries('asked').map(([, id]) => id));
  const late = fleet.entries('slow').filter(([, , end]) => end === '408');
  const nameOf = (entries: typeof late): string => entries.map(([, id]) => id).join(' ');
  // Which of the two was lost: the answer, or the question itself.
  expect(nameOf(late.filter(([, id = '']) => asked.has(id)))).toBe('');
  expect(nameOf(late)).toBe('');
  expect(Object.keys(tally.ended).filter((end) => !['own', '502', '503'].includes(end))).toEqual([]);
  expect(tally.pending).toBe(0);
  expect(fleet.faults).toEqual([]);
  return tally;
}
