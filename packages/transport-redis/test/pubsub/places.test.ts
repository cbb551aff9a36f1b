import { startRedisCluster, startRedisSentinel } from '@parley/brokers/redis';
import type { RpcException } from '@parley/core';
import { Cluster, Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RedisOptions } from '../../src/index.ts';
import { broker, client, host, serve, until } from './stage.ts';

const echoes = async (options: RedisOptions) => {
  const server = await serve(options);
  const made = client(options);
  expect(await made.client.send('echo', { a: 1 })).toEqual({ a: 1 });
  return { ...server, ...made };
};

describe('where Redis is', () => {
  it('host and port, and a URL', async () => {
    const { host, port, url } = await broker();
    await echoes({ host, port });
    await echoes({ url, prefix: 'other:' });
  });

  it('a Unix socket', async () => {
    const path = `/tmp/parley-${process.pid}-${Date.now()}.sock`;
    await broker({ config: { unixsocket: path } });
    await echoes({ path });
  });

  it('TLS, with an authority of one’s own; without it 400 that says so', async () => {
    const { url, tls, host: name, port } = await broker({ tls: true });
    await echoes({ url, tls });
    await echoes({ host: name, port, tls, prefix: 'other:' });
    await expect(host({ url }).host.start()).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/"tls"/),
    });
    await expect(client({ url }).client.connect()).rejects.toMatchObject({ code: 400 });
  });

  it('a server without TLS that is asked for it: it waits for more, so 503 after the time for an attempt', async () => {
    const { host: name, port } = await broker();
    const options = { host: name, port, tls: true, connectTimeout: 200 };
    await expect(host(options).host.start()).rejects.toMatchObject({
      code: 503,
      message: expect.stringMatching(/TLS on both sides/),
    });
  });

  it('a password; a wrong one or none is refused at once, on both sides', async () => {
    const { host: name, port, url } = await broker({ password: 'secret' });
    await echoes({ url });
    await echoes({ host: name, port, password: 'secret', prefix: 'other:' });
    for (const password of ['wrong', undefined]) {
      const options = { host: name, port, password };
      await expect(host(options).host.start()).rejects.toMatchObject({ code: 401 });
      await expect(client(options).client.connect()).rejects.toMatchObject({ code: 401 });
    }
  });

  it('a password that nobody asks for', async () => {
    const { host: name, port } = await broker();
    await echoes({ host: name, port, password: 'secret' });
  });

  it('a user, whose rights may be as few as the README says; one more is refused with 403', async () => {
    const rights = '+publish +subscribe +psubscribe +unsubscribe +punsubscribe +ping';
    const users = {
      alice: `on >secret resetchannels &parley:* -@all ${rights}`,
      bob: `on >secret resetchannels &other:* -@all ${rights}`,
    };
    const { host: name, port } = await broker({ users });
    await echoes({ host: name, port, username: 'alice', password: 'secret' });
    const bob = { host: name, port, username: 'bob', password: 'secret' };
    await expect(host(bob).host.start()).rejects.toMatchObject({ code: 403, message: expect.stringMatching(/ACL/) });
    await expect(client(bob).client.connect()).rejects.toMatchObject({ code: 403 });
  });

  it('a database; channels are the same in all, one that does not exist is refused with 400', async () => {
    const { host: name, port } = await broker();
    await serve({ host: name, port, db: 3 });
    expect(await client({ host: name, port }).client.send('echo', 1)).toBe(1);
    const wrong = { host: name, port, db: 99 };
    await expect(host(wrong).host.start()).rejects.toMatchObject({ code: 400, message: expect.stringMatching(/"db"/) });
    await expect(client(wrong).client.connect()).rejects.toMatchObject({ code: 400 });
  });

  it('what is not Redis is told from it', async () => {
    const { createServer } = await import('node:net');
    const other = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    await expect(client({ port }).client.connect()).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/not Redis/),
    });
  });

  it('a server that accepts and says nothing: 503 within the time for an attempt', async () => {
    const server = await broker();
    server.pause();
    onTestFinished(() => server.resume());
    const options = { url: server.url, connectTimeout: 200 };
    await expect(host(options).host.start()).rejects.toMatchObject({ code: 503 });
    await expect(client(options).client.send('echo', 1)).rejects.toMatchObject({ code: 503 });
  });
});

describe('a client of the application', () => {
  it('is duplicated, and left as it was', async () => {
    const { url } = await broker();
    const mine = new Redis(url, { keyPrefix: 'mine:', connectionName: 'mine' });
    onTestFinished(() => mine.disconnect());
    const { host, client: proxy } = await echoes({ client: mine });
    await proxy.close();
    await host.close();
    expect(mine.status).toBe('ready');
    expect(mine.options).toMatchObject({ keyPrefix: 'mine:', enableOfflineQueue: true, autoResubscribe: true });
    expect(await mine.ping()).toBe('PONG');
    expect(mine.listenerCount('error')).toBe(0);
  });

  it('gives its connections the name that it has, else they have those of their instance and role', async () => {
    const { url } = await broker();
    const looker = new Redis(url, { connectionName: 'mine' });
    onTestFinished(() => looker.disconnect());
    await client({ client: looker }).client.connect();
    await client({ url }).client.connect();
    const list = String(await looker.client('LIST'));
    const names = [...list.matchAll(/ name=(\S+) /g)].map(([, name]) => name?.replace(/-\w{16}:/, '-x:'));
    expect(names.toSorted()).toEqual(['client-x:commands', 'client-x:subscriber', 'mine', 'mine', 'mine']);
  });

  it('may be a function that makes one for each role; they are then closed', async () => {
    const { url } = await broker();
    const made: [string, Redis][] = [];
    const make = (role: string) => {
      const redis = new Redis(url);
      made.push([role, redis]);
      return redis;
    };
    const { host, client: proxy } = await echoes({ client: make });
    expect(made.map(([role]) => role).sort()).toEqual(['commands', 'commands', 'subscriber', 'subscriber']);
    await proxy.close();
    await host.close();
    for (const [, redis] of made) expect(redis.status).toBe('end');
  });

  it('may be connected already, or about to try again', async () => {
    const { url } = await broker();
    const ready = [new Redis(url), new Redis(url)];
    await Promise.all(ready.map((redis) => redis.ping()));
    await serve({ client: () => ready.pop() ?? new Redis(url) });
    const waiting = [new Redis({ port: 1 }), new Redis({ port: 1 })];
    for (const redis of waiting) redis.on('error', () => undefined);
    await until(() => waiting.every(({ status }) => status === 'reconnecting'), 'both have failed');
    for (const redis of waiting) redis.options.port = Number(new URL(url).port);
    const { client: proxy } = client({ client: () => waiting.pop() ?? new Redis(url) });
    expect(await proxy.send('echo', 1)).toBe(1);
  });

  it('that is made wrongly is refused', async () => {
    const { url } = await broker();
    const one = new Redis(url, { lazyConnect: true });
    await expect(client({ client: () => one }).client.connect()).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/same Redis twice/),
    });

    const nothing = client({ client: (() => undefined) as unknown as () => Redis });
    await expect(nothing.client.connect()).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/"client"/),
    });
    const thrower = client({
      client: () => {
        throw new Error('no config');
      },
    });
    await expect(thrower.client.connect()).rejects.toMatchObject({ message: expect.stringMatching(/no config/) });
  });
});

describe('sentinels', () => {
  it('lead to the master, and after a failover to the new one', async () => {
    const sentinel = await startRedisSentinel();
    onTestFinished(() => sentinel.close());
    const addresses = sentinel.sentinels.map(({ host: name, port }) => `${name}:${port}`);
    const options = { sentinels: addresses, name: sentinel.name };
    const { client: proxy } = await echoes(options);
    const old = await sentinel.master();
    await old.kill();
    await sentinel.failover(old);
    await until(
      () =>
        proxy.send('echo', 2, { timeout: 1000 }).then(
          (reply) => reply === 2,
          () => false,
        ),
      'the new master is used',
      20_000,
    );
  }, 60_000);

  it('that know no such master, or are not there: 503', async () => {
    const sentinel = await startRedisSentinel();
    onTestFinished(() => sentinel.close());
    const addresses = sentinel.sentinels.map(({ host: name, port }) => `${name}:${port}`);
    await expect(host({ sentinels: addresses, name: 'nobody' }).host.start()).rejects.toMatchObject({ code: 503 });
    await expect(host({ sentinels: ['127.0.0.1:1'], name: 'x' }).host.start()).rejects.toMatchObject({ code: 503 });
  });
});

describe.each([{ sharded: false }, { sharded: true }])('a cluster, sharded: $sharded', ({ sharded }) => {
  const start = async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.close());
    const options: RedisOptions = {
      cluster: cluster.addresses.map(({ host: name, port }) => `${name}:${port}`),
      sharded,
    };
    return { cluster, options };
  };

  it('carries calls, streams and events of many names, in order', async () => {
    const { options } = await start();
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
    const { options } = await start();
    await serve(options);
    const second = await serve(options);
    expect(second.warnings.having('another instance listens to "echo"')).toHaveLength(1);
  }, 60_000);

  it('is used again when all its nodes have been away, and when one has', async () => {
    const { cluster, options } = await start();
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
    await until(works, 'it works after one node was restarted', 20_000);
    await Promise.all(cluster.nodes.map((node) => node.stop()));
    await expect(proxy.send('echo', 1, { timeout: 2000 })).rejects.toMatchObject({
      code: expect.toBeOneOf([502, 503, 408]),
    });
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await cluster.ready();
    await until(works, 'it works after all nodes were restarted', 20_000);
  }, 90_000);

  it('refuses events while too much waits for a cluster that hangs', async () => {
    const { cluster, options } = await start();
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
  }, 60_000);

  it('finds a channel whose slot has moved', async () => {
    const { cluster, options } = await start();
    await serve({ ...options, reconnect: { max: 200 } });
    const { client: proxy } = client({ ...options, reconnect: { max: 200 } });
    expect(await proxy.send('echo', 1)).toBe(1);
    const from = await cluster.nodeOf('parley:m:echo');
    const to = cluster.nodes.find((node) => node !== from);
    if (to === undefined) throw new Error('the cluster has one node only');
    await cluster.moveSlotOf('parley:m:echo', to);
    await until(
      () =>
        proxy.send('echo', 2, { timeout: 1000 }).then(
          (reply) => reply === 2,
          () => false,
        ),
      'the channel is found',
      20_000,
    );
  }, 60_000);

  it('may be a cluster client of the application, which is left as it was', async () => {
    const { cluster } = await start();
    const mine = new Cluster([...cluster.addresses]);
    onTestFinished(() => mine.disconnect());
    const { host, client: proxy } = await echoes({ client: mine, sharded });
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
