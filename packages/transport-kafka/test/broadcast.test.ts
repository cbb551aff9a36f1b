import { recordCalls } from '@parley/testing';
import { expect, it } from 'vitest';
import { KafkaProducer } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';

const stage = KafkaStage.use();

it('far more events at once than handlers may run: every instance handles them all', async () => {
  const count = 500;
  const handlers = [1, 2].map(() => recordCalls(() => new Promise((resolve) => setTimeout(resolve, 1))));
  for (const handler of handlers) {
    await stage.service((host) => host.event('news', handler, { broadcast: true }), { concurrency: 4, prefetch: 20 });
  }
  const client = stage.client();
  await Promise.all(Array.from({ length: count }, (_, index) => client.emit('news', index)));
  for (const handler of handlers) {
    await stage.until(() => handler.calls.length >= count, 'all had come');
    expect(new Set(handler.calls.map(({ data }) => data)).size).toBe(count);
  }
  expect(stage.log).toEqual([]);
});

it('those of a key are handled in their order, one that fails is tried again in its place, and then told', async () => {
  const handler = recordCalls(async (data) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    if (data === 3) throw new Error('not this one');
  });
  const retry = { attempts: 2, backoff: { initial: 5, max: 10 } };
  await stage.service((host) => host.event('news', handler, { broadcast: true, retry }));
  const client = stage.client();
  for (let index = 0; index < 6; index += 1) await client.emit('news', index, { key: 'k' });
  await stage.until(() => handler.calls.length === 7, 'all had come');
  expect(handler.calls.map(({ data }) => data)).toEqual([0, 1, 2, 3, 3, 4, 5]);
  await stage.until(() => stage.log.some(({ message }) => message.includes('failed for good')), 'it was told');
});

it('what cannot be read is dropped with a warning, and the next one comes', async () => {
  const handler = recordCalls();
  await stage.service((host) => host.event('news', handler, { broadcast: true }));
  const client = stage.client();
  await client.connect();
  const topic = `${stage.prefix}news`;
  await client.unwrap(KafkaProducer).send({ topic, messages: [{ value: 'x', headers: { 'parley-head': '[1,"?"]' } }] });
  await client.emit('news', 'next');
  await stage.until(() => handler.calls.length === 1, 'the next one came');
  await stage.until(() => stage.log.some(({ message }) => message.includes('cannot be read')), 'it was told');
});
