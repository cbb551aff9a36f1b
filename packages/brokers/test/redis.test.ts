import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type RedisServer, type RedisServerOptions, startRedis } from '../src/redis/index.ts';
import { until } from '../src/shared/until.ts';
import { clientOf, isAlive, socketTo } from './clients.ts';

// Servers are started and stopped again and again, which takes a busy machine a while.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);

beforeEach(() => {
  // These are about servers of our own.
  vi.stubEnv('REDIS_URL', '');
});

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.close());
  return server;
}

describe('a Redis', () => {
  it('answers when it is started, and others beside it are others', async () => {
    const servers = await Promise.all([start(), start(), start()]);
    expect(new Set(servers.map(({ port }) => port)).size).toBe(3);
    const clients = servers.map((server) => clientOf(server));
    await Promise.all(clients.map((client, index) => client.set('who', index)));
    expect(await Promise.all(clients.map((client) => client.get('who')))).toEqual(['0', '1', '2']);
  });

  it('is gone when stopped or killed, and comes back on its port with what it kept', async () => {
    const server = await start({ appendonly: true });
    const { port } = server;
    const client = clientOf(server);
    await client.set('kept', 'yes');

    const first = server.pid;
    await server.stop();
    expect(isAlive(first)).toBe(false);
    expect(server.pid).toBeUndefined();
    await server.stop();
    await server.start();
    expect(server.port).toBe(port);
    expect(await client.get('kept')).toBe('yes');
    await client.set('kept', 'still');

    const second = server.pid;
    await server.kill();
    expect(isAlive(second)).toBe(false);
    await server.start();
    expect(await client.get('kept')).toBe('still');

    await server.restart();
    expect(await client.get('kept')).toBe('still');
    await expect(server.start()).rejects.toThrow('runs already');
  });

  it('keeps nothing unless asked to', async () => {
    const server = await start();
    const client = clientOf(server);
    await client.set('kept', 'no');
    await server.restart();
    expect(await client.get('kept')).toBeNull();
  });

  it('does not answer while paused, and is stopped all the same', async () => {
    const server = await start();
    server.pause();
    // A connection is still taken, by the kernel, but nothing is said on it.
    const socket = await socketTo(server.port);
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes.toString();
    });
    socket.write('PING\r\n');
    await expect(server.killClients()).rejects.toThrow('closed');
    expect(heard).toBe('');
    server.resume();
    await until('the answer', () => heard === '+PONG\r\n');

    server.pause();
    await server.stop();
    expect(server.pid).toBeUndefined();
    expect(() => server.pause()).toThrow('does not run');
  });

  it('cuts the clients that it is told to', async () => {
    const server = await start();
    const [plain, subscriber, named] = [clientOf(server), clientOf(server), clientOf(server, 'me')];
    await Promise.all([plain.ping(), subscriber.subscribe('channel'), named.ping()]);
    const closed = { plain: 0, subscriber: 0, named: 0 };
    plain.on('close', () => closed.plain++);
    subscriber.on('close', () => closed.subscriber++);
    named.on('close', () => closed.named++);

    expect(await server.killClients('pubsub')).toBe(1);
    await until('the subscriber to be cut', () => closed.subscriber === 1);
    expect(await server.killClients({ name: 'me' })).toBe(1);
    await until('the named client to be cut', () => closed.named === 1);
    expect(closed.plain).toBe(0);
    await Promise.all([subscriber, named].map((client) => until('it to be back', () => client.status === 'ready')));
    expect(await server.killClients()).toBe(3);
    await until('all to be cut', () => closed.plain === 1 && closed.subscriber === 2 && closed.named === 2);
  });

  it('has a password, users and settings', async () => {
    const server = await start({
      password: 'p@ss word/#',
      users: { alice: 'on >secret ~parley:* &parley:* +@all' },
      config: { maxmemory: '8mb' },
    });
    expect(await clientOf(server).config('GET', 'maxmemory')).toEqual(['maxmemory', String(8 * 1024 * 1024)]);
    const alice = clientOf(server, undefined, `redis://alice:secret@${server.host}:${server.port}`);
    await alice.set('parley:a', 1);
    await expect(alice.set('other', 1)).rejects.toThrow('NOPERM');
    const refused = once(clientOf(server, undefined, `redis://${server.host}:${server.port}`), 'none');
    await expect(refused).rejects.toThrow('NOAUTH');
  });

  it('speaks TLS, and only TLS, by a certificate that holds', async () => {
    const server = await start({ tls: true });
    expect(server.url).toMatch(/^rediss:/);
    expect(await clientOf(server).ping()).toBe('PONG');
    await server.restart();
    expect(await clientOf(server).ping()).toBe('PONG');
    expect(await server.killClients()).toBeGreaterThan(0);
    for (const url of [server.url, server.url.replace('rediss', 'redis')]) {
      const stranger = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
      onTestFinished(() => stranger.disconnect());
      stranger.on('error', () => {});
      await expect(stranger.connect()).rejects.toThrow('closed');
    }
  });

  it('says with its log why it does not start', async () => {
    const { port } = await start();
    await expect(startRedis({ port })).rejects.toThrow(/port \d+ exited with code 1:[^]*Address already in use/);
    await expect(startRedis({ config: { nonsense: 'yes' } })).rejects.toThrow(/exited with code 1:[^]*nonsense/);
  });

  it('is closed for good, twice if need be', async () => {
    const server = await startRedis();
    const { pid } = server;
    await Promise.all([server.close(), server.close()]);
    expect(isAlive(pid)).toBe(false);
    await expect(server.start()).rejects.toThrow('is closed');
  });
});

describe('a Redis whose starter ends', () => {
  it.each(['SIGKILL', 'exit', 'throw'])('ends with it, and leaves no data: %s', async (how) => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-test-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const starter = fork(fixture('start-and-wait.ts'), { stdio: 'ignore', env: { ...process.env, TMPDIR: folder } });
    const [pid] = (await once(starter, 'message')) as [number];
    expect(isAlive(pid)).toBe(true);
    const exited = once(starter, 'exit');
    if (how === 'SIGKILL') starter.kill('SIGKILL');
    else starter.send(how);
    await exited;
    await until('the Redis to be gone', () => !isAlive(pid));
    await until('its folder to be gone', async () => (await promisify(execFile)('ls', [folder])).stdout === '');
  });
});

describe('where a Redis is from', () => {
  it('REDIS_URL comes first: used as it is, and not ours to break', async () => {
    const own = await start();
    vi.stubEnv('REDIS_URL', own.url);
    const server = await startRedis();
    expect(server).toMatchObject({ url: own.url, host: own.host, port: own.port, pid: undefined });
    const named = clientOf(server, 'ours');
    const other = clientOf(server);
    await Promise.all([named.ping(), other.ping()]);
    for (const broken of [
      () => server.stop(),
      () => server.kill(),
      () => server.start(),
      () => server.restart(),
      async () => server.pause(),
      async () => server.resume(),
      () => server.killClients(),
      () => startRedis({ tls: true }),
    ]) {
      await expect(broken()).rejects.toThrow(/^the Redis of REDIS_URL cannot be .* Unset REDIS_URL/);
    }
    expect(await server.killClients({ name: 'ours' })).toBe(1);
    await server.close();
    expect(await other.ping()).toBe('PONG');
  });

  it('REDIS_URL that does not answer is told, not replaced', async () => {
    const own = await start();
    await own.stop();
    vi.stubEnv('REDIS_URL', own.url);
    await expect(startRedis()).rejects.toThrow(`the Redis of REDIS_URL at 127.0.0.1:${own.port} does not answer`);
  });

  it('says how to get one where there is none', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'parley-test-'));
    onTestFinished(() => rm(empty, { recursive: true, force: true }));
    const { stdout } = await promisify(execFile)(process.execPath, [fixture('find-none.ts')], {
      env: { ...process.env, PATH: empty, XDG_CACHE_HOME: empty },
    });
    expect(stdout).toMatch(
      /^There is no Redis 7 here\. Install one \(apt-get install redis-server, brew install redis\)/,
    );
    expect(stdout).toMatch(/- on PATH: .*ENOENT\n- as Debian package: .*ENOENT\n- with Docker: .*ENOENT/);
    expect(existsSync(join(empty, 'parley'))).toBe(false);
  });
});
