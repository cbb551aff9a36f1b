import { recordCalls } from '@parley/testing';
import { expect, it } from 'vitest';
import { KafkaAdmin, KafkaProducer } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';

const stage = KafkaStage.use();

it('a topic that turns up is read from its beginning, within the interval, and no event is handled twice', async () => {
  const wild = recordCalls();
  const exact = recordCalls();
  await stage.service((host) => host.event('order.*', wild).event('bill', exact));
  const client = stage.client();
  let sent = 0;
  // Each new topic makes the group join anew, while others are under way.
  for (const pattern of ['order.a', 'order.b', 'order.c']) {
    for (let count = 0; count < 20; count += 1) {
      await client.emit(pattern, sent);
      await client.emit('bill', sent);
      sent += 1;
    }
  }
  await stage.until(() => wild.calls.length >= sent && exact.calls.length >= sent, 'all had come');
  const numbers = Array.from({ length: sent }, (_, index) => index);
  expect(wild.calls.map(({ data }) => data as number).sort((a, b) => a - b)).toEqual(numbers);
  expect(exact.calls.map(({ data }) => data as number).sort((a, b) => a - b)).toEqual(numbers);
  expect(new Set(wild.calls.map(({ context }) => context.pattern))).toEqual(new Set(['order.a', 'order.b', 'order.c']));
});

it('match topics of events only', async () => {
  const wild = recordCalls();
  const all = recordCalls(() => {
    throw new Error('dies');
  });
  await stage.service((host) =>
    host
      .event('*', wild)
      .event('dying', all, { retry: { attempts: 1 } })
      .message('echo', (data) => data),
  );
  const client = stage.client();
  await client.emit('dying', 1);
  await stage.until(async () => (await Array.fromAsync(stage.deadLetters().list())).length === 1, 'it died');
  expect(await client.send('echo', 1)).toBe(1);
  await client.emit('seen', 2);
  await stage.until(() => wild.calls.some(({ data }) => data === 2), 'the new topic was found');
  expect(wild.calls.map(({ context }) => context.pattern).sort()).toEqual(['dying', 'seen']);
});

it('topics that turned up while the whole group was away are read from their beginning, too', async () => {
  const first = recordCalls();
  const host = await stage.service((service) => service.event('job.*', first));
  const client = stage.client();
  await client.emit('job.old', 'old');
  await stage.until(() => first.calls.length === 1, 'the first had come');
  await host.close();
  await client.emit('job.new', 'new');
  await client.emit('job.old', 'again');
  const second = recordCalls();
  await stage.service((service) => service.event('job.*', second));
  await stage.until(() => second.calls.length === 2, 'both had come');
  expect(second.calls.map(({ data }) => data).sort()).toEqual(['again', 'new']);
});

it('reach broadcast handlers, in new topics and new partitions, on every instance', async () => {
  const handlers = [recordCalls(), recordCalls()];
  for (const handler of handlers) await stage.service((host) => host.event('flush.*', handler, { broadcast: true }));
  const client = stage.client();
  await client.emit('flush.a', 1);
  for (const handler of handlers) await stage.until(() => handler.calls.length === 1, 'the new topic was found');
  const topic = `${stage.prefix}flush.a`;
  await client.unwrap(KafkaAdmin).createPartitions({ topicPartitions: [{ topic, count: 8 }] });
  for (let index = 0; index < 40; index += 1) await client.emit('flush.a', `k${index}`, { key: `k${index}` });
  for (const handler of handlers) {
    await stage.until(() => handler.calls.length >= 41, 'those in the new partitions had come, too');
    expect(handler.calls.length).toBe(41);
  }
});

it('a wildcard that is new to a group begins as `from` says, though the group is not new', async () => {
  const exact = recordCalls();
  const host = await stage.service((service) => service.event('bill', exact));
  const client = stage.client();
  await client.emit('bill', 1);
  await client.emit('order.a', 'history');
  await stage.until(() => exact.calls.length === 1, 'it is in the group');
  await host.close();
  const wild = recordCalls();
  await stage.service((service) => service.event('bill', exact).event('order.*', wild));
  await client.emit('order.a', 'now');
  await stage.until(() => wild.calls.some(({ data }) => data === 'now'), 'it reads it');
  expect(wild.calls.map(({ data }) => data)).toEqual(['now']);
});

it.each([{ broadcast: false }, { broadcast: true }])(
  'topics that somebody deletes stay away, and are read when they are made again: %o',
  async ({ broadcast }) => {
    const wild = recordCalls();
    await stage.service((host) => host.event('kept.a', recordCalls()).event('gone.*', wild, { broadcast }));
    const client = stage.client();
    await client.emit('gone.a', 1);
    await client.emit('gone.b', 2);
    await stage.until(() => wild.calls.length === 2, 'both were found');
    const admin = client.unwrap(KafkaAdmin);
    const topic = `${stage.prefix}gone.a`;
    await admin.deleteTopics({ topics: [topic] });
    await stage.until(async () => !(await admin.listTopics()).includes(topic), 'it is gone');
    // A second is how often a group looks for what it misses.
    const end = performance.now() + 2500;
    while (performance.now() < end) {
      expect(await admin.listTopics()).not.toContain(topic);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await client.emit('gone.b', 3);
    await stage.until(() => wild.calls.some(({ data }) => data === 3), 'the others are read');
    const other = stage.client();
    await other.emit('gone.a', 4);
    await stage.until(() => wild.calls.some(({ data }) => data === 4), 'it was found again');
  },
);

it('never read what is the library’s own, under any prefix', async () => {
  const wild = recordCalls();
  const client = stage.client();
  await client.connect();
  const admin = client.unwrap(KafkaAdmin);
  const own = [`${stage.prefix}b-parley.control`, `${stage.prefix}b-parley.replies.users`];
  await admin.createTopics({ topics: own.map((topic) => ({ topic, numPartitions: 1 })), waitForLeaders: true });
  await stage.service((host) => host.event('*', wild), { from: 'earliest' });
  for (const topic of own) await client.unwrap(KafkaProducer).send({ topic, messages: [{ value: '1' }] });
  await client.emit('other', 1);
  await stage.until(() => wild.calls.length > 0, 'it listens');
  expect(wild.calls.map(({ context }) => context.pattern)).toEqual(['other']);
  const topics = await admin.listTopics();
  expect(topics.filter((topic) => topic.startsWith(`${stage.prefix}b-`)).sort()).toEqual(own);
});
