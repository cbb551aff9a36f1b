import { recordCalls } from '@parley/testing';
import { expect, it } from 'vitest';
import type { KafkaOptions } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';
import { api, noting } from './noting.ts';

const stage = KafkaStage.use();

/** Counts requests to write, as they leave. */
function countingProduces(): { readonly kafkajs: NonNullable<KafkaOptions['kafkajs']>; count: number; bytes: number } {
  const counter = {
    count: 0,
    bytes: 0,
    kafkajs: {
      socketFactory: noting((kind, request) => {
        if (kind !== api.produce) return;
        counter.count += 1;
        counter.bytes += request.length;
      }),
    },
  };
  return counter;
}

it('events emitted in one tick go out in one request, whatever their topics', async () => {
  const counter = countingProduces();
  const client = stage.client({ kafkajs: counter.kafkajs });
  await client.emit('a', 0);
  await client.emit('b', 0);
  counter.count = 0;
  await Promise.all(
    Array.from({ length: 200 }, (_, index) => client.emit(index % 2 === 0 ? 'a' : 'b', index, { key: `k${index}` })),
  );
  expect(counter.count).toBe(1);
});

it('requests sent in one tick do, too, and their answers', async () => {
  const [asking, answering] = [countingProduces(), countingProduces()];
  await stage.service((host) => host.message('echo', (data) => data), { kafkajs: answering.kafkajs });
  const client = stage.client({ kafkajs: asking.kafkajs });
  expect(await client.send('echo', 0)).toBe(0);
  asking.count = 0;
  answering.count = 0;
  await Promise.all(Array.from({ length: 60 }, (_, index) => client.send('echo', index)));
  expect(asking.count).toBe(1);
  expect(answering.count).toBeLessThan(10);
});

it('more than Kafka takes at once is sent in parts, in order', async () => {
  const handler = recordCalls((data) => (data as { index: number }).index);
  await stage.service((host) => host.event('big', handler));
  // Nobody knows how fast the disk is.
  const client = stage.client({ timeout: 60_000 });
  const count = 40;
  const filler = 'x'.repeat(900_000);
  await Promise.all(Array.from({ length: count }, (_, index) => client.emit('big', { index, filler }, { key: 'k' })));
  await stage.until(() => handler.calls.length === count, 'all had come', 60_000);
  expect(handler.calls.map(({ data }) => (data as { index: number }).index)).toEqual(
    Array.from({ length: count }, (_, index) => index),
  );
});

it('what waits beyond the limit is refused with 429, and what was taken arrives', async () => {
  const handler = recordCalls();
  await stage.service((host) => host.event('queued', handler));
  const client = stage.client({ maxBody: 500_000, maxQueued: 500_000 });
  await client.emit('queued', 'first');
  const filler = 'x'.repeat(400_000);
  const outcomes: Promise<unknown>[] = [];
  stage.broker.pause();
  try {
    for (let index = 0; index < 5; index += 1) {
      const sent = client.emit('queued', { index, filler }).then(() => 'taken');
      outcomes.push(sent.catch(({ code }: { code: unknown }) => code));
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    stage.broker.resume();
  }
  // Two pass it together, and whoever comes then sees that they do.
  expect(await Promise.all(outcomes)).toEqual(['taken', 'taken', 429, 429, 429]);
  await client.emit('queued', 'last');
  await stage.until(() => handler.calls.length === 4, 'all had come');
  const came = handler.calls.map(({ data }) => (data as { index?: number }).index ?? data);
  expect(new Set(came)).toEqual(new Set(['first', 0, 1, 'last']));
});

it('events are compressed as told, and read again', async () => {
  const handler = recordCalls();
  await stage.service((host) => host.event('zipped', handler));
  const counter = countingProduces();
  const client = stage.client({ compression: 'gzip', kafkajs: counter.kafkajs });
  const filler = 'x'.repeat(100_000);
  await Promise.all(Array.from({ length: 5 }, (_, index) => client.emit('zipped', { index, filler })));
  await stage.until(() => handler.calls.length === 5, 'all had come');
  expect(handler.calls.every(({ data }) => (data as { filler: string }).filler === filler)).toBe(true);
  expect(counter.bytes).toBeLessThan(20_000);
});

it.each(['snappy', 'lz4', 'zstd'] as const)(
  '%s, which kafkajs has no codec for, is refused at once',
  async (compression) => {
    const refused = {
      code: 400,
      message: expect.stringMatching(new RegExp(`"${compression}".*CompressionCodecs.*"gzip"`)) as string,
    };
    await expect(stage.client({ compression }).emit('event', 1)).rejects.toMatchObject(refused);
    const starting = stage.service((host) => host.event('event', () => 1), { compression });
    await expect(starting).rejects.toMatchObject(refused);
  },
);
