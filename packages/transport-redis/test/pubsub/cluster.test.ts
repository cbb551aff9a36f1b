import { type RedisCluster, startRedisCluster } from '@parley/brokers/redis';
import type { RpcException } from '@parley/core';
import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { RedisOptions } from '../../src/index.ts';
import { broker, client, serve, until } from './stage.ts';

describe.each([{ sharded: false }, { sharded: true }])('a cluster, sharded: $sharded', ({ sharded }) => {
  let cluster: RedisCluster;
  let options: RedisOptions;
  let worlds = 0;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster?.close());
  beforeEach(() => {
    worlds += 1;
    options = {
      cluster: cluster.addresses.map(({ host, port }) => `${host}:${port}`),
      prefix: `w${worlds}:`,
      sharded,
    };
  });

  it('carries calls, streams and events of many names, in order', async () => {
    const events: unknown[] = [];
    await serve(options, (host) => {
      for (let number = 0; number < 20; number += 1)
        host.message(`square.${number}`, (data) => number * (data as number));
      host.message('count', async function* () {
        for (let number = 0; number < 500; number += 1) yield number;
      });
      host.event('counted.*', (data) => void events.push(data));
      host.event('told', (data) => void events.push(data));
    });
    const { client: proxy } = client(options);
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, index) => proxy.send(`square.${index % 20}`, index)),
    );
    expect(replies).toEqual(Array.from({ length: 200 }, (_, index) => (index % 20) * index));
    const counted: unknown[] = [];
    for await (const number of proxy.stream('count')) counted.push(number);
    expect(counted).toEqual(Array.from({ length: 500 }, (_, index) => index));
    for (let number = 0; number < 100; number += 1)
      await proxy.emit(number % 2 === 0 ? `counted.${number}` : 'told', number);
    await until(() => events.length === 100, 'all events are there');
    expect(events.toSorted((a, b) => (a as number) - (b as number))).toEqual(Array.from({ length: 100 }, (_, i) => i));
    if (sharded) await expect(proxy.send('nobody', 1)).rejects.toMatchObject({ code: 503 });
    else await expect(proxy.send('nobody', 1, { timeout: 100 })).rejects.toMatchObject({ code: 408 });
    expect(proxy.unwrap(Cluster)).toBeInstanceOf(Cluster);
    expect(() => proxy.unwrap(Redis)).toThrow(TypeError);
  }, 60_000);

  it('warns of a second listener, wherever it is connected', async () => {
    await serve(options);
    const second = await serve(options);
    expect(second.warnings.having('another instance listens to "echo"')).toHaveLength(1);
  }, 60_000);

  it('is used again when all its nodes have been away, and when one has', async () => {
    const fast = { ...options, reconnect: { max: 200 } };
    await serve(fast);
    const { client: proxy } = client(fast);
    expect(await proxy.send('echo', 1)).toBe(1);
    const works = () =>
      proxy.send('echo', 2, { timeout: 1000 }).then(
        (reply) => reply === 2,
        () => false,
      );
    const [one] = cluster.nodes;
    await one?.restart();
    await cluster.ready();
    await until(works, 'it works after one node was restarted', 30_000);
    await Promise.all(cluster.nodes.map((node) => node.stop()));
    await expect(proxy.send('echo', 1, { timeout: 2000 })).rejects.toMatchObject({
      code: expect.toBeOneOf([502, 503, 408]),
    });
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await cluster.ready();
    await until(works, 'it works after all nodes were restarted', 30_000);
  }, 90_000);

  it('refuses events while too much waits for a cluster that hangs', async () => {
    const { client: proxy } = client({ ...options, maxBody: 20_000, maxQueued: 20_000 });
    await proxy.connect();
    for (const node of cluster.nodes) node.pause();
    const refusals: unknown[] = [];
    for (let index = 0; index < 100; index += 1) {
      proxy.emit('told', 'x'.repeat(15_000)).catch((error: RpcException) => refusals.push(error.code));
      await new Promise(setImmediate);
    }
    expect(refusals.length).toBeGreaterThan(20);
    expect(refusals).toEqual(refusals.map(() => 429));
    for (const node of cluster.nodes) node.resume();
    await cluster.ready();
  }, 60_000);

  it('finds a channel whose slot has moved', async () => {
    await serve({ ...options, reconnect: { max: 200 } });
    const { client: proxy } = client({ ...options, reconnect: { max: 200 } });
    expect(await proxy.send('echo', 1)).toBe(1);
    const from = await cluster.nodeOf(`${options.prefix}m:echo`);
    const to = cluster.nodes.find((node) => node !== from);
    if (to === undefined) throw new Error('the cluster has one node only');
    await cluster.moveSlotOf(`${options.prefix}m:echo`, to);
    await until(
      () =>
        proxy.send('echo', 2, { timeout: 1000 }).then(
          (reply) => reply === 2,
          () => false,
        ),
      'the channel is found',
      30_000,
    );
  }, 60_000);

  it('may be a cluster client of the application, which is left as it was', async () => {
    const mine = new Cluster([...cluster.addresses]);
    onTestFinished(() => mine.disconnect());
    const { host } = await serve({ client: mine, sharded });
    const { client: proxy } = client({ client: mine, sharded });
    expect(await proxy.send('echo', 1)).toBe(1);
    await proxy.close();
    await host.close();
    expect(await mine.ping()).toBe('PONG');
  }, 60_000);

  it('that is none is refused with 400, and its nodes without the option are', async () => {
    const { url, port } = await broker();
    await expect(client({ cluster: [`127.0.0.1:${port}`], sharded }).client.connect()).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/no cluster/),
    });
    expect(url).toContain(String(port));
  });
});
