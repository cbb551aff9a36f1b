import { type RedisCluster, startRedisCluster } from '@parley/brokers/redis';
import { type ClientProxy, createClient, createMicroservices, type Host, provideMicroservices } from '@parley/core';
import { recordCalls, waitForCall } from '@parley/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RedisOptions, redis, redisDeadLetters } from '../src/index.ts';
import { until, Warnings } from './streams-stage.ts';

let cluster: RedisCluster;
let worlds = 0;
const up: { close(options: { timeout: number }): Promise<void> }[] = [];

beforeAll(async () => {
  cluster = await startRedisCluster();
}, 60_000);
afterEach(async () => {
  for (const one of up.splice(0).reverse()) await one.close({ timeout: 500 });
  worlds += 1;
});
afterAll(() => cluster?.close());

const optionsOf = (options: RedisOptions = {}): RedisOptions => ({
  mode: 'streams',
  cluster: cluster.addresses.map(({ host, port }) => `${host}:${port}`),
  prefix: `w${worlds}:`,
  lease: 3000,
  discoverInterval: 100,
  ...options,
});

async function instance(define: (host: Host) => unknown, options: RedisOptions = {}): Promise<Host> {
  const transport = redis(optionsOf({ group: 'service', ...options }));
  const host = createMicroservices({
    providers: [provideMicroservices([{ token: 'service', options: transport, client: false }])],
    logger: new Warnings(),
  });
  define(host);
  up.push(host);
  await host.start();
  return host;
}

function client(options: RedisOptions = {}): ClientProxy {
  const created = createClient(redis(optionsOf(options)), { logger: new Warnings() });
  up.push(created);
  return created;
}

const timeout = { timeout: 20_000 };
/** In several slots, and on all nodes. */
const patterns = ['a', 'b', 'c', 'd', 'user.created', '}odd{'];

describe('streams in a cluster', { timeout: 60_000 }, () => {
  it('carry requests of many slots, each handled once', async () => {
    const counts = [0, 0];
    for (const which of counts.keys()) {
      await instance((host) => {
        for (const pattern of [...patterns, { type: 'moved', zone: 1 }]) {
          host.message(pattern, (data) => {
            counts[which] = (counts[which] ?? 0) + 1;
            return data;
          });
        }
      });
    }
    const caller = client();
    const calls = Array.from({ length: 300 }, (_, index) =>
      caller.send(patterns[index % patterns.length] ?? 'a', index),
    );
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 300 }, (_, index) => index));
    expect(await caller.send({ zone: 1, type: 'moved' }, 'json')).toBe('json');
    expect(counts.reduce((sum, count) => sum + count)).toBe(301);
  });

  it('carry events to groups, by wildcards, and to every instance', async () => {
    const grouped = recordCalls();
    const everywhere = [recordCalls(), recordCalls()] as const;
    for (const handler of everywhere) {
      await instance((host) => host.event('user.*', grouped).event('user.*', handler, { broadcast: true }));
    }
    const publisher = client();
    for (let index = 0; index < 30; index += 1) await publisher.emit(`user.${index % 10}`, index);
    await until(() => grouped.calls.length >= 30, 'the group had them all');
    for (const handler of everywhere) await until(() => handler.calls.length >= 30, 'every instance had them all');
    for (const { calls } of [grouped, ...everywhere]) {
      expect(new Set(calls.map(({ data }) => data)).size).toBe(30);
      expect(calls).toHaveLength(30);
    }
  });

  it('keep dead letters beside their streams, and take them back', async () => {
    let isBroken = true;
    const handler = recordCalls(() => {
      if (isBroken) throw new Error('out of order');
    });
    await instance((host) => {
      for (const pattern of patterns) host.event(pattern, handler, { retry: { attempts: 1 } });
    });
    const publisher = client();
    for (const pattern of patterns) await publisher.emit(pattern, pattern);
    await using letters = redisDeadLetters(optionsOf({ group: 'service' }));
    const list = () => Array.fromAsync(letters.list());
    await until(async () => (await list()).length === patterns.length, 'they were there');
    isBroken = false;
    expect(await letters.redrive()).toBe(patterns.length);
    await until(() => handler.calls.length === 2 * patterns.length, 'they were handled');
    expect(await list()).toEqual([]);
  });

  it('go on where a slot was moved to another node', async () => {
    const handler = recordCalls();
    await instance((host) => host.message('moving', (data) => data).event('moving', handler));
    const caller = client();
    expect(await caller.send('moving', 1)).toBe(1);
    await caller.emit('moving', 1);
    await waitForCall(handler, 1, timeout);
    const key = `w${worlds}:m:{moving}`;
    const from = await cluster.nodeOf(key);
    const to = cluster.nodes.find((node) => node !== from);
    await cluster.moveSlotOf(key, to ?? from);
    await until(
      async () => (await caller.send('moving', 2, { timeout: 1000 }).catch(() => 0)) === 2,
      'it was answered',
    );
    await until(async () => {
      await caller.emit('moving', 2).catch(() => undefined);
      return handler.calls.some(({ data }) => data === 2);
    }, 'events came again');
    expect(handler.calls.filter(({ data }) => data === 1)).toHaveLength(1);
  });

  it('need one connection to read when a prefix puts them into one slot', async () => {
    const handler = recordCalls((data) => data);
    const prefix = `{w${worlds}}:`;
    await instance(
      (host) => {
        for (const pattern of patterns) host.message(pattern, handler);
      },
      { prefix },
    );
    const caller = client({ prefix });
    for (const pattern of patterns) expect(await caller.send(pattern, pattern)).toBe(pattern);
    const counts = await Promise.all(
      cluster.nodes.map(async (node) => {
        const { Redis } = await import('ioredis');
        const admin = new Redis(node.url);
        const lines = String(await admin.client('LIST')).split('\n');
        admin.disconnect();
        return lines.filter((line) => line.includes('cmd=xreadgroup')).length;
      }),
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(1);
  });
});
