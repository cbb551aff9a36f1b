import { createClient, createMicroservices, provideMicroservices } from '@parley/core';
import { expect, it, onTestFinished } from 'vitest';
import { kafka } from '../../src/index.ts';
import { adminOfTest, kafkaOfTest, quiet } from './places.ts';

const runs = 20;

it('a client that only asks is ready after 50 ms, where new groups wait for 3 s', { timeout: 120_000 }, async () => {
  const broker = await kafkaOfTest({ properties: { 'group.initial.rebalance.delay.ms': '3000' } });
  const options = { brokers: broker.brokers, group: 'service' };
  const host = createMicroservices({
    providers: [provideMicroservices([{ token: 'kafka', options: kafka(options), client: false }])],
    logger: quiet,
  });
  onTestFinished(() => host.close({ timeout: 2000 }));
  host.message('echo', (data) => data);
  await host.start();

  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const client = createClient(kafka({ brokers: broker.brokers }), { logger: quiet });
    const begun = performance.now();
    await client.connect();
    times.push(performance.now() - begun);
    // Ready means that the answer to what is asked now is heard.
    expect(await client.send('echo', run)).toBe(run);
    await client.close();
  }
  const sorted = times.toSorted((a, b) => a - b);
  const [quickest = Number.NaN] = sorted;
  const median = sorted[runs / 2] ?? Number.NaN;
  console.log(`ready after ${times.map((time) => Math.round(time)).join(' ')} ms, median ${Math.round(median)}`);
  // The goal is the median. Where others use the machine, the quickest says more about this than about them; and that it is
  // no exception a bound says that is far from those 3 s.
  expect(quickest).toBeLessThan(50);
  expect(median).toBeLessThan(500);

  // It leaves nothing behind.
  const admin = await adminOfTest(broker);
  const { groups } = await admin.listGroups();
  expect(groups.map(({ groupId }) => groupId).filter((id) => !id.startsWith('service'))).toEqual([]);
});
