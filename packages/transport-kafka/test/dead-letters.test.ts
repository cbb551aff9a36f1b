import { event, RpcException } from '@parley/core';
import { recordCalls } from '@parley/testing';
import { expect, it } from 'vitest';
import { Kafka, KafkaAdmin, type KafkaContext, type KafkaDeadLetter, KafkaProducer } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';

const stage = KafkaStage.use();
const quickly = { retry: { attempts: 2, backoff: { initial: 5, max: 10 } } };

function list(filter?: { group?: string; pattern?: string }): Promise<KafkaDeadLetter[]> {
  return Array.fromAsync(stage.deadLetters().list(filter));
}

it('an event that failed for good is kept as it was, with where it came from and why', async () => {
  const failing = recordCalls(() => {
    throw new RpcException('not today', { code: 409, details: { reason: 'closed' } });
  });
  await stage.service((host) => host.event('paid', failing, quickly));
  const before = Date.now();
  await stage.client().emit('paid', { id: 1 }, { key: 'k', headers: { tenant: 'a' } });
  await stage.until(async () => (await list()).length === 1, 'it was among the dead letters');
  const [letter] = await list();
  const [call] = failing.calls;
  if (call === undefined) throw new Error('it was not handled');
  const { topic, partition, offset } = call.context as KafkaContext;
  expect(letter).toMatchObject({
    group: `${stage.prefix}service`,
    pattern: 'paid',
    attempts: 2,
    key: 'k',
    topic,
    partition,
    offset,
    error: { error: 'not today', code: 409, details: { reason: 'closed' } },
    headers: { tenant: 'a' },
    body: '{"id":1}',
  });
  expect(letter?.diedAt.getTime()).toBeGreaterThanOrEqual(before);
  expect(letter?.sentAt.getTime()).toBeGreaterThanOrEqual(before - 1000);
  // Any tool can read it: texts, in headers.
  const header = (name: string) => String(letter?.record.headers?.[name]);
  expect(header('parley-topic')).toBe(topic);
  expect(header('parley-code')).toBe('409');
  expect(header('parley-message')).toBe('not today');
  expect(header('parley-attempts')).toBe('2');
});

it('is not touched by a filter that is none', async () => {
  const count = (await list()).length;
  const letters = stage.deadLetters();
  const wrong = { code: 400, message: expect.stringContaining('"patern"') as string };
  await expect(letters.remove({ patern: 'other' } as never)).rejects.toMatchObject(wrong);
  await expect(letters.redrive({ patern: 'other' } as never)).rejects.toMatchObject(wrong);
  await expect(list({ patern: 'other' } as never)).rejects.toMatchObject(wrong);
  const unset = { code: 400, message: expect.stringContaining('"pattern" must be left out to mean all') as string };
  await expect(letters.remove({ pattern: undefined } as never)).rejects.toMatchObject(unset);
  await expect(letters.redrive({ pattern: undefined } as never)).rejects.toMatchObject(unset);
  const listing = list();
  for (const none of [undefined, null, 5, listing, { group: undefined }]) {
    await expect(letters.remove(none as never)).rejects.toMatchObject({ code: 400 });
  }
  await listing;
  for (const none of [null, 5]) await expect(letters.redrive(none as never)).rejects.toMatchObject({ code: 400 });
  expect(await list()).toHaveLength(count);
});

it('is looked for in the group of the options, also where a filter has an undefined one', async () => {
  const failing = recordCalls(() => {
    throw new RpcException('no', { code: 400 });
  });
  for (const group of ['a', 'b']) await stage.service((host) => host.event('both', failing), { group });
  await stage.client().emit('both', 1);
  await stage.until(async () => (await list({ pattern: 'both' })).length === 2, 'both were there');
  const ofA = stage.deadLetters({ group: 'a' });
  expect(await Array.fromAsync(ofA.list({ group: undefined, pattern: 'both' }))).toMatchObject([
    { group: `${stage.prefix}a`, kind: 'event' },
  ]);
  expect(await ofA.remove({ group: undefined, pattern: 'both' })).toBe(1);
  // What is listed may be given as it comes.
  const all = stage.deadLetters();
  expect(await all.remove(all.list({ group: `${stage.prefix}a` }))).toBe(0);
  expect(await all.remove(all.list({ pattern: 'both' }))).toBe(1);
});

it('is put back for the group that failed, and for no other; and not twice', async () => {
  let isMended = false;
  const flaky = recordCalls(() => {
    if (!isMended) throw new Error('not yet');
  });
  const fine = recordCalls();
  const everywhere = recordCalls();
  await stage.service((host) => host.event('moved', flaky, quickly), { group: 'flaky' });
  await stage.service((host) => host.event('moved', fine).event('moved', everywhere, { broadcast: true }), {
    group: 'fine',
  });
  const client = stage.client();
  for (const data of [1, 2, 3]) await client.emit('moved', data, { key: 'k' });
  await stage.until(async () => (await list()).length === 3, 'all were among the dead letters');
  await stage.until(() => fine.calls.length === 3 && everywhere.calls.length === 3, 'the others had them');
  isMended = true;
  const before = flaky.calls.length;
  expect(await stage.deadLetters().redrive({ pattern: 'other' })).toBe(0);
  expect(await stage.deadLetters({ group: 'fine' }).redrive()).toBe(0);
  expect(await stage.deadLetters().redrive({ pattern: 'moved', group: `${stage.prefix}flaky` })).toBe(3);
  await stage.until(() => flaky.calls.length === before + 3, 'they came again');
  expect(flaky.calls.slice(before).map(({ data }) => data)).toEqual([1, 2, 3]);
  expect(await list()).toEqual([]);
  expect(await stage.deadLetters().redrive()).toBe(0);
  // What is emitted now comes behind them: had they come to the others, they would have been first.
  await client.emit('moved', 'last', { key: 'k' });
  for (const handler of [fine, everywhere]) {
    await stage.until(() => handler.calls.some(({ data }) => data === 'last'), 'the last one came');
    expect(handler.calls.map(({ data }) => data)).toEqual([1, 2, 3, 'last']);
  }
});

it('that fails again is a letter again; one that is removed is none', async () => {
  const failing = recordCalls(() => {
    throw new Error('never');
  });
  await stage.service((host) => host.event('stays', failing, quickly));
  await stage.client().emit('stays', 1);
  await stage.until(async () => (await list()).length === 1, 'it died');
  const [first] = await list();
  expect(await stage.deadLetters().redrive([first as KafkaDeadLetter])).toBe(1);
  await stage.until(async () => (await list()).length === 1, 'it died again');
  const [second] = await list();
  expect(second?.id).not.toBe(first?.id);
  expect(second).toMatchObject({ pattern: 'stays', group: first?.group, attempts: 2 });
  expect(await stage.deadLetters().remove({ pattern: 'stays' })).toBe(1);
  expect(await list()).toEqual([]);
});

it('a payload that is not valid, and one that nobody can read, go there at once', async () => {
  const schema = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (value: unknown) => (typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] }),
    },
  };
  const handler = recordCalls();
  await stage.service((host) => host.event(event('strict', { payload: schema }), handler));
  const client = stage.client();
  await client.emit('strict', 'text');
  const producer = client.unwrap(KafkaProducer);
  await producer.send({
    topic: `${stage.prefix}strict`,
    messages: [{ value: 'x', headers: { 'parley-head': '[1,"nothing"]' } }],
  });
  await producer.send({ topic: `${stage.prefix}strict`, messages: [{ value: '{"no json', headers: {} }] });
  await stage.until(async () => (await list()).length === 3, 'all three were there');
  expect((await list()).map(({ error }) => error.code).sort()).toEqual([400, 400, 422]);
  await client.emit('strict', 7);
  await stage.until(() => handler.calls.length === 1, 'the next one was handled');
  expect(handler.calls[0]?.data).toBe(7);
});

it('delays only its own key, however many are behind it', async () => {
  const othersCame = Promise.withResolvers<void>();
  const poison = recordCalls(async (data, context) => {
    if ((context as KafkaContext).key !== 'poisoned' || data !== 0) return;
    // However long the others take: it is not through before.
    if (context.attempt > 1) await othersCame.promise;
    throw new Error('poison');
  });
  const retry = { retry: { attempts: 3, backoff: { initial: 1000, max: 1000 } } };
  await stage.service((host) => host.event('many', poison, retry), {
    concurrency: 4,
    topics: { partitions: 1 },
  });
  const client = stage.client();
  const count = 50;
  await Promise.all(
    Array.from({ length: count }, (_, index) => [
      client.emit('many', index, { key: 'poisoned' }),
      client.emit('many', index, { key: `k${index % 5}` }),
    ]).flat(),
  );
  const of = (key: string) =>
    poison.calls.filter(({ context }) => (context as KafkaContext).key === key).map(({ data }) => data);
  const others = () => poison.calls.length - of('poisoned').length;
  await stage.until(() => others() === count, 'all others were handled');
  // It still waits to be tried again, and what is behind it waits with it.
  expect(new Set(of('poisoned'))).toEqual(new Set([0]));
  othersCame.resolve();
  await stage.until(() => of('poisoned').length === count + 2, 'the others of its key came, after it had died');
  expect(of('poisoned')).toEqual([0, 0, ...Array.from({ length: count }, (_, index) => index)]);
});

it('one that its topic has no room for is told of without its content, is in nobody’s way, and is not put back', async () => {
  const handler = recordCalls((data) => {
    if (typeof data === 'string') throw new Error('too much');
  });
  const client = stage.client();
  await client.connect();
  const topic = `${stage.prefix}big.dlt`;
  await client.unwrap(KafkaAdmin).createTopics({
    topics: [{ topic, numPartitions: 1, configEntries: [{ name: 'max.message.bytes', value: '20000' }] }],
    waitForLeaders: true,
  });
  await stage.service((host) => host.event('big', handler, quickly));
  await client.emit('big', 'x'.repeat(50_000), { key: 'k' });
  await client.emit('big', 7, { key: 'k' });
  await stage.until(() => handler.calls.some(({ data }) => data === 7), 'the next one of its key came');
  const [letter] = await list();
  const [first] = handler.calls.map(({ context }) => context as KafkaContext);
  expect(letter).toMatchObject({
    pattern: 'big',
    isComplete: false,
    offset: first?.offset,
    error: { error: 'too much' },
  });
  expect(letter?.body).toBeUndefined();
  expect(await stage.deadLetters().redrive()).toBe(0);
  expect(await list()).toHaveLength(1);
  expect(await stage.deadLetters().remove({ pattern: 'big' })).toBe(1);
  expect(await list()).toEqual([]);
});

it('those that cannot be put back leave the others put back once', async () => {
  let isMended = false;
  const handler = recordCalls(() => {
    if (!isMended) throw new Error('not yet');
  });
  await stage.service((host) => host.event('fine', handler, quickly).event('lost', handler, quickly));
  const client = stage.client();
  await client.emit('fine', 1);
  await client.emit('lost', 2);
  await stage.until(async () => (await list()).length === 2, 'both died');
  isMended = true;
  const before = handler.calls.length;
  const letters = await list();
  // Its partition is none: as of a topic that was made anew with fewer.
  const broken = letters.map((letter) => (letter.pattern === 'lost' ? { ...letter, partition: 77 } : letter));
  await expect(stage.deadLetters().redrive(broken)).rejects.toMatchObject({ code: 404 });
  await stage.until(() => handler.calls.length === before + 1, 'one came again');
  expect(handler.calls.at(-1)?.data).toBe(1);
  expect((await list()).map(({ pattern }) => pattern)).toEqual(['lost']);
  expect(await stage.deadLetters().redrive()).toBe(1);
  await stage.until(() => handler.calls.length === before + 2, 'the other came again');
  expect(handler.calls.at(-1)?.data).toBe(2);
});

it('one that was written twice is one, and is put back once; many are, some at a time', async () => {
  let isMended = false;
  const handler = recordCalls(() => {
    if (!isMended) throw new Error('not yet');
  });
  await stage.service((host) => host.event('twice', handler, { retry: { attempts: 1 } }), {
    topics: { partitions: 1 },
  });
  const client = stage.client();
  const count = 1200;
  await Promise.all(Array.from({ length: count }, (_, index) => client.emit('twice', index)));
  await stage.until(async () => (await list()).length === count, 'all died', 50_000);
  const letters = await list();
  // As by an instance that dies between the letter and the commit.
  const doubles = letters
    .slice(0, 700)
    .map(({ record: { key, value, headers } }) => ({ key, value, headers: { ...headers } }));
  const topic = `${stage.prefix}twice.dlt`;
  await client.unwrap(KafkaProducer).send({ topic, messages: doubles });
  expect(await list()).toHaveLength(count);
  isMended = true;
  const before = handler.calls.length;
  expect(await stage.deadLetters().redrive()).toBe(count);
  await stage.until(() => handler.calls.length >= before + count, 'all came again', 50_000);
  expect(
    handler.calls
      .slice(before)
      .map(({ data }) => data as number)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: count }, (_, index) => index));
  expect(await list()).toEqual([]);
});

it('are listed to the end also where the end is the mark of a transaction, and strangers have written', async () => {
  await stage.service((host) =>
    host.event(
      'marked',
      () => {
        throw new Error('dies');
      },
      quickly,
    ),
  );
  const client = stage.client();
  await client.emit('marked', 1);
  await stage.until(async () => (await list()).length === 1, 'it died');
  const topic = `${stage.prefix}marked.dlt`;
  const producer = client.unwrap(Kafka).producer({ transactionalId: stage.prefix, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    const transaction = await producer.transaction();
    await transaction.send({
      topic,
      messages: [{ value: 'no letter' }, { value: null, headers: { 'parley-settled': 'x' } }],
    });
    await transaction.commit();
  } finally {
    await producer.disconnect();
  }
  // The mark comes a moment after the commit.
  const admin = client.unwrap(KafkaAdmin);
  await stage.until(async () => (await admin.fetchTopicOffsets(topic))[0]?.high === '4', 'the mark was written');
  expect(await list()).toHaveLength(1);
});
