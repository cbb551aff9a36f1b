import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { recordCalls, waitForCall } from '@parley/testing';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { type RedisOptions, redisDeadLetters } from '../src/index.ts';
import { gate, StreamsStage, until } from './streams-stage.ts';

let stage: StreamsStage;
afterEach(() => stage?.[Symbol.asyncDispose]());

const timeout = { timeout: 15_000 };
const login = { username: 'app', password: 'secret' };

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [passage = ''] = /A user of its own for streams needs[\s\S]*?goes on trying/.exec(readme) ?? [];
/** What the README asks for: to send, to listen, and for dead letters. */
const allowed = [...passage.matchAll(/`(\+[^`]+)`/g)].map(([, commands]) => commands).join(' ');

/** A Redis with a user that may do that and nothing else. */
function openFor(commands: string, defaults: RedisOptions = {}): Promise<StreamsStage> {
  return StreamsStage.open({ users: { app: `on >secret ~parley:* &parley:* -@all ${commands}` } }, defaults);
}

/** How often Redis has refused a command to somebody. */
async function denials(): Promise<number> {
  const rows = (await stage.redis.call('ACL', 'LOG')) as unknown[][];
  return rows.reduce((sum, row) => sum + Number(row[row.indexOf('count') + 1]), 0);
}

describe('an ACL user', () => {
  it('needs what the README says, and no more', async () => {
    stage = await openFor(allowed, { ...login, lease: 300 });
    const handler = recordCalls();
    const everywhere = recordCalls();
    const goOn = gate();
    const { warnings, host } = await stage.instance((host) =>
      host
        .message('echo', (data) => data)
        .message('slow', (_, context) => goOn.opened.then(() => context.signal.aborted))
        .event('user.*', handler)
        .event('user.created', everywhere, { broadcast: true })
        .event('lost', () => Promise.reject(new Error('no')), { retry: { attempts: 1 } }),
    );
    const client = stage.client();
    expect(await client.send('echo', 1)).toBe(1);
    const slow = client.send('slow');
    await client.emit('user.created', 2);
    await waitForCall(handler, 2, timeout);
    await waitForCall(everywhere, 2, timeout);
    await client.emit('lost', 3);
    await using letters = redisDeadLetters(stage.optionsOf({ ...login, mode: 'streams' }));
    await until(async () => (await Array.fromAsync(letters.list())).length === 1, 'it is dead');
    expect(await letters.redrive()).toBe(1);
    await until(async () => (await letters.remove({})) === 1, 'it died again, and is removed');
    goOn.open();
    expect(await slow).toBe(false);
    await host.close({ timeout: 5000 });
    expect(await stage.consumers(stage.names.stream('message', 'echo'))).toEqual([]);
    expect(warnings.lines).toEqual([]);
  });

  it.each([
    ['xack', 'what is handled cannot be acknowledged'],
    ['xpending', 'leases cannot be renewed or taken over'],
    ['sscan', 'NOPERM'],
  ])('that may not use %s is told of', async (command, what) => {
    stage = await openFor(`${allowed} -${command}`, { ...login, lease: 100 });
    const handler = recordCalls();
    const starting = stage.instance((host) => host.event('saved', handler).event('other.*', handler));
    if (command === 'sscan') {
      await expect(starting).rejects.toMatchObject({ code: 403, message: expect.stringContaining('sscan') });
      return;
    }
    const { warnings } = await starting;
    await stage.client().emit('saved', 1);
    await waitForCall(handler, 1, timeout);
    await until(() => warnings.having(what).length > 0, 'it was told');
    // Tried again, and not said again.
    const before = await denials();
    await until(async () => (await denials()) > before + 1, 'Redis is asked on');
    expect(warnings.having(what)).toHaveLength(1);
  });
});

it('tells when its reader cannot connect while all else can', async () => {
  stage = await StreamsStage.open();
  const { host, port } = stage.server;
  const { warnings } = await stage.instance((one) => one.message('echo', (data) => data), {
    url: undefined,
    client: (role) => new Redis({ host, port: role === 'reader' ? 1 : port, lazyConnect: true }),
  });
  const what = 'the connection that reads streams cannot be made';
  await until(() => warnings.having(what).length > 0, 'it was told');
  expect(warnings.having(what)).toHaveLength(1);
});

describe('what Redis is', () => {
  it('is told when it would evict streams, once', async () => {
    stage = await StreamsStage.open({ config: { maxmemory: '64mb', 'maxmemory-policy': 'allkeys-lru' } });
    const { warnings } = await stage.instance((one) => one.message('echo', (data) => data));
    const client = stage.client();
    expect(await client.send('echo', 1)).toBe(1);
    await stage.server.killClients('pubsub');
    await until(async () => (await client.send('echo', 2).catch(() => 0)) === 2, 'it is back');
    expect(warnings.having('allkeys-lru')).toHaveLength(1);
  });

  it.each([
    ['volatile-lru', '64mb'],
    ['allkeys-lru', '0'],
  ])('is of no concern with the policy %s and a maxmemory of %s', async (policy, maxmemory) => {
    stage = await StreamsStage.open({ config: { maxmemory, 'maxmemory-policy': policy } });
    const { warnings } = await stage.instance((one) => one.message('echo', (data) => data));
    expect(warnings.lines).toEqual([]);
  });

  it('must be 6.2 or later', async () => {
    stage = await StreamsStage.open();
    const port = await olderRedis(stage.server.port, '5');
    const options = { url: `redis://127.0.0.1:${port}` };
    const error = { code: 501, message: expect.stringMatching(/needs Redis 6\.2 or later, and this is 5\./) };
    await expect(stage.instance((one) => one.message('echo', () => 1), options)).rejects.toMatchObject(error);
    await expect(stage.client(options).connect()).rejects.toMatchObject(error);
  });
});

/** The same Redis, which says that it is older. */
async function olderRedis(target: number, major: string): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(target, '127.0.0.1');
    const age = new Transform({
      transform: (chunk: Buffer, _, done) =>
        done(null, Buffer.from(chunk.toString('latin1').replace(/(redis_version:)\d/, `$1${major}`), 'latin1')),
    });
    for (const socket of [client, redis]) open.add(socket.on('error', () => undefined));
    client.pipe(redis).pipe(age).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}
