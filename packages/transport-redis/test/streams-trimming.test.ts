import { OptionReader } from '@parley/core/transport';
import { recordCalls } from '@parley/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RedisOptions } from '../src/index.ts';
import type { Membership } from '../src/streams/group/membership.ts';
import { ConsumedStream } from '../src/streams/keep/consumed-stream.ts';
import { Upkeep } from '../src/streams/keep/upkeep.ts';
import { Clocks } from '../src/streams/redis/clocks.ts';
import { sweepScript } from '../src/streams/redis/scripts.ts';
import { readStreamsOptions, type StreamsOptions } from '../src/streams/streams-options.ts';
import { StreamsStage, until } from './streams-stage.ts';

let stage: StreamsStage;
beforeEach(async () => {
  stage = await StreamsStage.open();
  // Nodes of few entries, so that a test can see that whole ones go.
  await stage.redis.config('SET', 'stream-node-max-entries', '10');
});
afterEach(() => stage[Symbol.asyncDispose]());

/** What an instance does now and then, at once. */
async function keepUp(kind: 'message' | 'event', pattern: string, options: StreamsOptions = {}): Promise<void> {
  const { redis, names } = stage;
  const read = new OptionReader<RedisOptions>('redis', options, ['lease', 'retention']);
  const member: Membership = {
    group: 'service',
    consumer: 'keeper',
    names,
    options: readStreamsOptions(read, options.retention),
    redis,
    isCluster: false,
    flushAnswers: () => undefined,
    maxBody: 1000,
    warn: () => undefined,
    refused: () => undefined,
  };
  const stream = new ConsumedStream(names.stream(kind, pattern), kind, pattern);
  const upkeep = new Upkeep(member, () => [stream], new Clocks(() => redis, false));
  await upkeep.round();
}

describe('requests', () => {
  it('that every group has handled are trimmed, and no others', async () => {
    const stream = stage.names.stream('message', 'work');
    for (const group of ['service', 'other']) await stage.instance((host) => host.message('work', () => 1), { group });
    const client = stage.client();
    await Promise.all(Array.from({ length: 100 }, (_, index) => client.send('work', index)));
    for (const group of ['service', 'other']) {
      await until(async () => (await stage.pending(stream, group)) === 0, 'all was acknowledged');
    }
    await keepUp('message', 'work');
    expect(await stage.redis.xlen(stream)).toBeLessThanOrEqual(10);
  });

  it('that a group has not read, or not handled, stay', async () => {
    const stream = stage.names.stream('message', 'work');
    await stage.redis.xgroup('CREATE', stream, 'behind', '0', 'MKSTREAM');
    await stage.instance((host) => host.message('work', () => 1));
    const client = stage.client();
    await Promise.all(Array.from({ length: 100 }, (_, index) => client.send('work', index)));
    await until(async () => (await stage.pending(stream)) === 0, 'all was acknowledged');
    await keepUp('message', 'work');
    expect(await stage.redis.xlen(stream)).toBe(100);
    await stage.redis.xreadgroup('GROUP', 'behind', 'slow', 'COUNT', 55, 'STREAMS', stream, '>');
    await keepUp('message', 'work');
    expect(await stage.redis.xlen(stream)).toBe(100);
    const rows = (await stage.redis.xpending(stream, 'behind', '-', '+', 55)) as [string][];
    await stage.redis.xack(stream, 'behind', ...rows.slice(0, 30).map(([id]) => id));
    await keepUp('message', 'work');
    expect(await stage.redis.xlen(stream)).toBe(70);
  });

  it('for which nobody comes do not fill Redis', async () => {
    const client = stage.client({ maxRequests: 20 });
    const calls = Array.from({ length: 200 }, (_, index) =>
      client.send('nobody', index, { timeout: 300 }).catch(() => 0),
    );
    await Promise.all(calls);
    expect(await stage.redis.xlen(stage.names.stream('message', 'nobody'))).toBeLessThan(40);
  });
});

describe('events', () => {
  it('are kept for groups to come, until they are too many', async () => {
    const client = stage.client({ retention: { length: 50 } });
    await Promise.all(Array.from({ length: 300 }, (_, index) => client.emit('kept', index)));
    const length = await stage.redis.xlen(stage.names.stream('event', 'kept'));
    expect(length).toBeGreaterThanOrEqual(50);
    expect(length).toBeLessThan(70);
  });

  it.each(['emits', 'listens'])(
    'are kept until they are too old, by the clock of Redis: whoever %s trims',
    async (who) => {
      const stream = stage.names.stream('event', 'aged');
      const age = 60_000;
      const [seconds] = await stage.redis.time();
      const old = Number(seconds) * 1000 - 2 * age;
      for (let index = 0; index < 50; index += 1) await stage.redis.xadd(stream, `${old + index}-0`, 'h', 'x');
      const client = stage.client({ retention: { age } });
      let emitted = 0;
      await until(async () => {
        if (who === 'emits') {
          await client.emit('aged', 1);
          emitted += 1;
        } else await keepUp('event', 'aged', { retention: { age } });
        return (await stage.redis.xlen(stream)) === emitted;
      }, 'the old ones were gone');
    },
  );

  it('are kept for ever when no limit is wanted', async () => {
    const stream = stage.names.stream('event', 'forever');
    for (let index = 1; index <= 50; index += 1) await stage.redis.xadd(stream, `${index}-0`, 'h', 'x');
    await stage.client({ retention: { age: 0 } }).emit('forever', 1);
    await keepUp('event', 'forever', { retention: { age: 0 } });
    expect(await stage.redis.xlen(stream)).toBe(51);
  });

  it('that were trimmed while they were handled are acknowledged without harm', async () => {
    const stream = stage.names.stream('event', 'trimmed');
    const { promise, resolve } = Promise.withResolvers<void>();
    const handler = recordCalls(() => promise);
    await stage.instance((host) => host.event('trimmed', handler));
    const client = stage.client();
    await client.emit('trimmed', 1);
    await until(() => handler.calls.length === 1, 'it was being handled');
    await stage.redis.xtrim(stream, 'MAXLEN', 0);
    // Redis forgets it when its lease is renewed.
    await until(async () => (await stage.pending(stream)) === 0, 'nothing was left of it');
    resolve();
    await client.emit('trimmed', 2);
    await until(() => handler.calls.length === 2, 'the next one came');
    await until(async () => (await stage.pending(stream)) === 0, 'it was acknowledged');
  });
});

it('instances that are gone are forgotten; one that has left something is not, and one that is there does not mind', async () => {
  const stream = stage.names.stream('event', 'x');
  const handler = recordCalls();
  await stage.instance((host) => host.event('x', handler), { lease: 600_000 });
  const client = stage.client();
  await client.emit('x', 1);
  await until(() => handler.calls.length === 1, 'it was handled');
  await until(async () => (await stage.pending(stream)) === 0, 'it was acknowledged');
  await stage.redis.xgroup('CREATECONSUMER', stream, 'service', 'gone');
  const id = (await stage.redis.xrange(stream, '-', '+'))[0]?.[0] ?? '';
  await stage.redis.xclaim(stream, 'service', 'has left something', 0, id, 'FORCE', 'JUSTID');
  // Redis 7.0 counts an instance as idle while it waits for something to come.
  await sweepScript.run(stage.redis, [stream], ['service', 0, '']);
  expect(await stage.consumers(stream)).toEqual(['has left something']);
  await client.emit('x', 2);
  await until(() => handler.calls.length === 2, 'the next one was handled');
  await sweepScript.run(stage.redis, [stream], ['service', 60_000, '']);
  expect(await stage.consumers(stream)).toHaveLength(2);
});
