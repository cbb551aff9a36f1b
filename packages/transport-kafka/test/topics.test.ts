import { recordCalls, waitForCall } from '@parley/testing';
import { ConfigResourceTypes } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { KafkaAdmin, KafkaProducer } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';

const stage = KafkaStage.use();

describe('patterns', () => {
  it.each([
    ['characters that Kafka forbids', 'user/created {"é": 💥} *'.replace('*', '')],
    ['what looks like an escape', 'a_x2F_b'],
    ['a name as long as Kafka takes', 'x'.repeat(249 - 't00-.rpc'.length)],
    ['a name that ends like a topic of ours', 'orders.rpc'],
    ['a name like those of ours', 'parley.control'],
    ['a dot', '.'],
  ])('with %s carry messages and events', async (_, pattern) => {
    const handler = recordCalls();
    await stage.service((host) => host.message(pattern, (data) => data).event(pattern, handler));
    const client = stage.client();
    expect(await client.send(pattern, 'asked')).toBe('asked');
    await client.emit(pattern, 'told');
    const { context } = await waitForCall(handler, 'told', { timeout: 10_000 });
    expect(context.pattern).toBe(pattern);
  });

  it('that would be one after escaping are two', async () => {
    const [plain, looksEscaped] = [recordCalls(), recordCalls()];
    await stage.service((host) => host.event('a/b', plain).event('a_x2F_b', looksEscaped));
    const client = stage.client();
    await client.emit('a/b', 1);
    await client.emit('a_x2F_b', 2);
    await waitForCall(plain, 1, { timeout: 10_000 });
    await waitForCall(looksEscaped, 2, { timeout: 10_000 });
    expect([plain.calls.length, looksEscaped.calls.length]).toEqual([1, 1]);
  });

  it('of which Kafka has room for one only, and those that are too long, are refused with a clear error', async () => {
    const client = stage.client();
    await client.emit('a.b', 1);
    await expect(client.emit('a_b', 1)).rejects.toMatchObject({
      code: 400,
      message: expect.stringContaining('a_b') as string,
    });
    await expect(client.emit('x'.repeat(250), 1)).rejects.toMatchObject({ code: 400 });
    await expect(client.send('x'.repeat(250), 1)).rejects.toMatchObject({ code: 400 });
    await expect(stage.service((host) => host.message('x'.repeat(250), () => 1))).rejects.toMatchObject({ code: 400 });
  });
});

it('topics are made with what the options say', async () => {
  const topics = {
    partitions: 5,
    eventRetention: 111_000,
    requestRetention: 222_000,
    replyRetention: 333_000,
    deadLetterRetention: 444_000,
    config: { 'cleanup.policy': 'compact' },
  };
  const failing = recordCalls(() => {
    throw new Error('dies');
  });
  const retry = { retry: { attempts: 1 } };
  await stage.service((host) => host.event('e', failing, retry).message('m', () => 1), { topics, maxBody: 2_000_000 });
  const client = stage.client({ topics, clientId: 'asker' });
  await client.emit('e', 1, { key: 'k' });
  await stage.until(async () => (await Array.fromAsync(stage.deadLetters().list())).length === 1, 'it was dead');
  const admin = client.unwrap(KafkaAdmin);
  const names = ['e', 'm.rpc', 'parley.replies.asker', 'parley.control', 'e.dlt'].map((name) => stage.prefix + name);
  const { topics: found } = await admin.fetchTopicMetadata({ topics: names });
  expect(Object.fromEntries(found.map(({ name, partitions }) => [name, partitions.length]))).toEqual(
    Object.fromEntries(names.map((name, index) => [name, [5, 5, 5, 1, 1][index]])),
  );
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  const setting = (name: string, of: string) =>
    resources
      .find(({ resourceName }) => resourceName === name)
      ?.configEntries.find(({ configName }) => configName === of)?.configValue;
  expect(names.map((name) => setting(name, 'retention.ms'))).toEqual([
    '111000',
    '222000',
    '333000',
    '333000',
    '444000',
  ]);
  expect(names.map((name) => setting(name, 'message.timestamp.type'))).toEqual([
    'CreateTime',
    'LogAppendTime',
    'LogAppendTime',
    'LogAppendTime',
    'CreateTime',
  ]);
  expect(setting(names[0] as string, 'cleanup.policy')).toBe('compact');
  for (const name of [names[0], names[1], names[4]])
    expect(Number(setting(name as string, 'max.message.bytes'))).toBeGreaterThan(2_000_000);
});

it('bodies larger than Kafka’s own limit pass when the option says so, on topics that are made here', async () => {
  const options = { maxBody: 3_000_000 };
  await stage.service((host) => host.message('large', (data) => data), options);
  const bytes = new Uint8Array(2_900_000).fill(7);
  expect(await stage.client(options).send('large', bytes)).toEqual(bytes);
});

describe('with createTopics: false', () => {
  it('a topic that is missing is named', async () => {
    const options = { createTopics: false };
    const missing = (topic: string) => ({
      code: 400,
      message: expect.stringContaining(`"${stage.prefix}${topic}"`) as string,
    });
    const client = stage.client(options);
    await expect(client.connect()).rejects.toMatchObject(missing('parley.replies.parley'));
    await stage.client().connect();
    await expect(client.emit('nothing', 1)).rejects.toMatchObject(missing('nothing'));
    await expect(client.send('nothing', 1)).rejects.toMatchObject(missing('nothing.rpc'));
    await stage.client({ clientId: 'service' }).connect();
    await expect(
      stage.service((host) => host.event('nothing', () => 1), { ...options, clientId: 'service' }),
    ).rejects.toMatchObject(missing('nothing'));
    // As soon as somebody has made it, it is used.
    await stage.client().emit('nothing', 1);
    await client.emit('nothing', 2);
  });
});

it('a topic of requests that keeps its writers’ time has none of them dropped for a clock that is wrong, and is warned of', async () => {
  const client = stage.client();
  await client.connect();
  const topic = `${stage.prefix}echo.rpc`;
  const configEntries = [{ name: 'message.timestamp.type', value: 'CreateTime' }];
  await client
    .unwrap(KafkaAdmin)
    .createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true });
  const handler = recordCalls();
  await stage.service((host) => host.message('echo', handler));
  // Ready: it answers, and so knows the brokers' time.
  await client.send('echo', 'first');
  const hour = 3_600_000;
  const head = `[1,"request","${stage.prefix}parley.replies.parley:0:abc/1",5000,0,"text"]`;
  await client.unwrap(KafkaProducer).send({
    topic,
    messages: [{ value: '"late"', timestamp: String(Date.now() - hour), headers: { 'parley-head': head } }],
  });
  await stage.until(() => handler.calls.length === 2, 'it came');
  expect(handler.calls[1]?.data).toBe('late');
  const warnings = stage.log.filter(({ message }) => message.includes('LogAppendTime'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]?.message).toContain(topic);
});
