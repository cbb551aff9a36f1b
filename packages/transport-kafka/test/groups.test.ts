import { recordCalls } from '@parley/testing';
import { expect, it } from 'vitest';
import { KafkaAdmin, KafkaConsumer } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';

const stage = KafkaStage.use();

async function lagOf(group: string, pattern: string): Promise<{ lag: number; committed: number }> {
  const client = stage.client();
  await client.connect();
  const admin = client.unwrap(KafkaAdmin);
  const topic = stage.prefix + pattern;
  const [ends, [offsets]] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId: stage.prefix + group, topics: [topic] }),
  ]);
  let lag = 0;
  let committed = 0;
  for (const { partition, high } of ends) {
    const at = Number(offsets?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
    lag += Number(high) - Math.max(at, 0);
    committed += Math.max(at, 0);
  }
  return { lag, committed };
}

it('commit all that is done when they stop', async () => {
  const handler = recordCalls(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
  const host = await stage.service((service) => service.event('counted', handler).message('asked', (data) => data));
  const client = stage.client();
  const count = 300;
  await Promise.all(
    Array.from({ length: count }, (_, index) => client.emit('counted', index, { key: `k${index % 17}` })),
  );
  for (let index = 0; index < 20; index += 1) await client.send('asked', index);
  await stage.until(() => handler.calls.length === count, 'all had come');
  await host.close();
  expect(await lagOf('service', 'counted')).toEqual({ lag: 0, committed: count });
  expect(await lagOf('service.rpc', 'asked.rpc')).toEqual({ lag: 0, committed: 20 });
});

it('commit nothing that is not done: what an instance leaves behind comes to the next one', async () => {
  const stuck = recordCalls((data) => (data === 3 ? new Promise(() => undefined) : undefined));
  const host = await stage.service((service) => service.event('left', stuck), { topics: { partitions: 1 } });
  const client = stage.client();
  for (let index = 0; index < 6; index += 1) await client.emit('left', index);
  await stage.until(() => stuck.calls.length === 6, 'all had come');
  // Before it is closed, since that may be too short for a commit.
  await stage.until(async () => (await lagOf('service', 'left')).committed === 3, 'what was done was committed');
  await host.close({ timeout: 300 });
  expect(await lagOf('service', 'left')).toEqual({ lag: 3, committed: 3 });
  const next = recordCalls();
  await stage.service((service) => service.event('left', next));
  await stage.until(() => next.calls.length === 3, 'the rest came');
  expect(next.calls.map(({ data }) => data).sort()).toEqual([3, 4, 5]);
});

it('keep an instance whose handler takes longer than the session, and others go on', async () => {
  const gate = Promise.withResolvers<void>();
  const handler = recordCalls((data) => (data === 'long' ? gate.promise : undefined));
  // Longer than a busy machine stands still: then it would be out of its group, rightly.
  const sessionTimeout = 5000;
  await stage.service((service) => service.event('slow', handler), { sessionTimeout, heartbeatInterval: 100 });
  const client = stage.client();
  await client.emit('slow', 'long', { key: 'a' });
  await stage.until(() => handler.calls.length === 1, 'it ran');
  const until = performance.now() + 1.5 * sessionTimeout;
  let count = 0;
  while (performance.now() < until) {
    await client.emit('slow', count, { key: 'b' });
    count += 1;
    await stage.until(() => handler.calls.length === count + 1, 'another one was handled meanwhile');
  }
  gate.resolve();
  await stage.until(async () => (await lagOf('service', 'slow')).lag === 0, 'all was committed');
  expect(handler.calls.filter(({ data }) => data === 'long')).toHaveLength(1);
  expect(stage.log.filter(({ message }) => message.includes('out of its consumer group'))).toEqual([]);
});

it('handle nothing twice when an instance comes or goes while handlers run', async () => {
  const count = 400;
  const handled = new Map<unknown, number>();
  const handler = async (data: unknown) => {
    handled.set(data, (handled.get(data) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const define = (service: { event(pattern: string, handler: (data: unknown) => unknown): unknown }) =>
    service.event('steady', handler);
  await stage.service(define);
  const client = stage.client();
  const emitting = (async () => {
    for (let index = 0; index < count; index += 1) {
      await client.emit('steady', index, { key: `k${index % 20}` });
    }
  })();
  await stage.until(() => handled.size > 20, 'some had come');
  const second = await stage.service(define);
  await stage.until(() => handled.size > count / 2, 'more had come');
  await second.close();
  await emitting;
  await stage.until(() => handled.size === count, 'all had come');
  expect([...handled.values()].filter((times) => times !== 1)).toEqual([]);
});

it('give their consumer for unwrap', async () => {
  const host = await stage.service((service) => service.event('x', () => undefined));
  const consumer = host.transporter('bus').unwrap(KafkaConsumer);
  const { groupId, state } = await consumer.describeGroup();
  expect({ groupId, state }).toEqual({ groupId: `${stage.prefix}service`, state: 'Stable' });
});

it('read what is there already, if they are new and told so', async () => {
  const client = stage.client();
  for (const data of [1, 2, 3]) await client.emit('history', data, { key: 'k' });
  const [late, early] = [recordCalls(), recordCalls()];
  await stage.service((service) => service.event('history', late), { group: 'late' });
  await stage.service((service) => service.event('history', early), { group: 'early', from: 'earliest' });
  await client.emit('history', 4, { key: 'k' });
  await stage.until(() => early.calls.length === 4 && late.calls.length === 1, 'they had what they want');
  expect(early.calls.map(({ data }) => data)).toEqual([1, 2, 3, 4]);
  expect(late.calls.map(({ data }) => data)).toEqual([4]);
});

it('are required to listen', async () => {
  const { group: _, ...options } = stage.options();
  const { kafka } = await import('../src/index.ts');
  const listening = stage.host(kafka(options), (service) => service.event('x', () => undefined));
  await expect(listening).rejects.toMatchObject({ code: 400, message: expect.stringContaining('"group"') as string });
});
