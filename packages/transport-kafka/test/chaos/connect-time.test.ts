import { createClient, createMicroservices, provideMicroservices } from '@parley/core';
import { expect, it, onTestFinished } from 'vitest';
import { kafka } from '../../src/index.ts';
import { adminOfTest, kafkaOfTest, least, quiet } from './places.ts';

const runs = 20;

it('a client that only asks is ready after 50 ms, where new groups wait for 3 s', async () => {
  const broker = await kafkaOfTest({ properties: { 'group.initial.rebalance.delay.ms': '3000' } });
  const options = { brokers: broker.brokers, group: 'service' };
  const host = createMicroservices({
    providers: [provideMicroservices([{ token: 'kafka', options: kafka(options), client: false }])],
    logger: quiet,
  });
  onTestFinished(() => host.close({ timeout: 2000 }));
  host.message('echo', (data) => data);
  await host.start();

  const connectTime = async (): Promise<number> => {
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
    const median = times.toSorted((a, b) => a - b)[runs / 2] ?? Number.NaN;
    console.log(`ready after ${times.map((time) => Math.round(time)).join(' ')} ms, median ${Math.round(median)}`);
    return median;
  };
  expect(await least(50, connectTime)).toBeLessThan(50);

  // It leaves nothing behind.
  const admin = await adminOfTest(broker);
  const { groups } = await admin.listGroups();
  expect(groups.map(({ groupId }) => groupId).filter((id) => !id.startsWith('service'))).toEqual([]);
});
