import { recordCalls, waitForCall } from '@parley/testing';
import type { KafkaMessage } from 'kafkajs';
import { expect, it } from 'vitest';
import { Kafka, KafkaAdmin, KafkaContext, KafkaProducer } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';

const stage = KafkaStage.use();

it('events of other systems are handled: JSON, bytes, tombstones, keys and headers', async () => {
  const handler = recordCalls();
  await stage.service((host) => host.event('orders', handler));
  const client = stage.client();
  await client.connect();
  const producer = client.unwrap(KafkaProducer);
  const headers = { TraceParent: '00-ab', 'content-type': 'application/json; charset=utf-8' };
  await producer.send({
    topic: `${stage.prefix}orders`,
    messages: [
      { key: 'a', value: '{"id":1}', headers, partition: 0 },
      { key: null, value: Buffer.from([0xff, 0xfe]), partition: 0 },
      { key: 'a', value: null, partition: 0 },
      { key: Buffer.from([0xff]), value: '"text"', partition: 0 },
    ],
  });
  await stage.until(() => handler.calls.length === 4, 'all had come');
  const of = (offset: string) => {
    const call = handler.calls.find(({ context }) => (context as KafkaContext).offset === offset);
    return { data: call?.data, context: call?.context as KafkaContext };
  };
  expect(of('0').data).toEqual({ id: 1 });
  expect({ ...of('0').context.headers }).toMatchObject({ traceparent: '00-ab' });
  expect(of('1').data).toEqual(new Uint8Array([0xff, 0xfe]));
  expect(of('2').data).toBeUndefined();
  expect(of('3').data).toBe('text');
  expect(of('3').context.message.key).toEqual(Buffer.from([0xff]));
});

it('other systems read our events: the value is the body, the headers are headers, the key is the key', async () => {
  const client = stage.client();
  await client.emit('created', { id: 7 }, { key: 'k', headers: { tenant: 'a' } });
  const messages: KafkaMessage[] = [];
  const consumer = client.unwrap(Kafka).consumer({ groupId: `${stage.prefix}foreign` });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [`${stage.prefix}created`], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void messages.push(message) });
    await stage.until(() => messages.length === 1, 'it had come');
  } finally {
    await consumer.disconnect();
  }
  const [message] = messages;
  expect(message?.value?.toString()).toBe('{"id":7}');
  expect(message?.key?.toString()).toBe('k');
  expect(message?.headers?.['tenant']?.toString()).toBe('a');
  expect(Object.keys(message?.headers ?? {}).sort()).toEqual(['parley-head', 'tenant']);
});

it('the context tells where a message was', async () => {
  const onEvent = recordCalls();
  const onMessage = recordCalls((data) => data);
  await stage.service((host) => host.event('seen', onEvent).message('asked', onMessage));
  const before = Date.now();
  const client = stage.client();
  await client.emit('seen', 1, { key: 'é' });
  await client.send('asked', 1);
  const { context } = await waitForCall(onEvent, 1, { timeout: 10_000 });
  expect(context).toBeInstanceOf(KafkaContext);
  const event = context as KafkaContext;
  expect(event).toMatchObject({ topic: `${stage.prefix}seen`, offset: '0', key: 'é', attempt: 1, transport: 'kafka' });
  expect([0, 1, 2]).toContain(event.partition);
  expect(event.timestamp).toBeGreaterThanOrEqual(before - 5000);
  expect(event.timestamp).toBeLessThanOrEqual(Date.now() + 5000);
  expect(event.message.value?.toString()).toBe('1');
  expect(onMessage.calls[0]?.context).toMatchObject({ topic: `${stage.prefix}asked.rpc`, key: undefined });
});

it('requests that are garbage are dropped, and those that are wrong are answered', async () => {
  await stage.service((host) => host.message('echo', (data) => data));
  const client = stage.client();
  expect(await client.send('echo', 1)).toBe(1);
  const admin = client.unwrap(KafkaAdmin);
  const topic = `${stage.prefix}echo.rpc`;
  const garbage = [
    '',
    'no head',
    '[9,"request"]',
    '[1,"event",null,null]',
    '[1,"request","nowhere/1",0,0,null]',
    '[1,"request",5]',
  ];
  await client.unwrap(KafkaProducer).send({
    topic,
    messages: [
      ...garbage.map((head) => ({ value: null, headers: { 'parley-head': head } })),
      { value: 'x' },
      // Nobody may have us write wherever he says.
      ...[`${stage.prefix}victim:0:abc`, `${stage.prefix}parley.replies.nobody:0:abc`].map((inbox) => ({
        value: 'null',
        headers: { 'parley-head': `[1,"request","${inbox}/1",0,0,"text"]` },
      })),
    ],
  });
  for (let count = 0; count < 10; count += 1) expect(await client.send('echo', count)).toBe(count);
  const topics = await admin.listTopics();
  expect(topics).not.toContain(`${stage.prefix}victim`);
  expect(topics).not.toContain(`${stage.prefix}parley.replies.nobody`);
});
