import { inspect } from 'node:util';
import { startRedisSentinel } from '@parley/brokers/redis';
import { Redis } from 'ioredis';
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
    const options = { host: name, port, tls: true, connectTimeout: 1000 };
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

  it('a password that is wrong is in no error and in no log', async () => {
    const { host: name, port } = await broker({ password: 'secret' });
    const options = { host: name, port, password: 'last-weeks' };
    const { client: made, warnings } = client(options);
    const errors = [
      await host(options)
        .host.start()
        .catch((error: unknown) => error),
      await made.connect().catch((error: unknown) => error),
      await made.send('echo', 1).catch((error: unknown) => error),
    ];
    for (const error of errors) expect(error).toMatchObject({ code: 401 });
    expect(warnings.lines.length).toBeGreaterThan(0);
    expect(inspect([errors, warnings], { depth: 12, showHidden: true })).not.toContain('last-weeks');
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
      30_000,
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
