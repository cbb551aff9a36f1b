import { RpcException } from '@parley/core/transport';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { redis } from './redis.ts';
import { type RedisOptions, resolveRedisOptions } from './redis-options.ts';

const place = (options: RedisOptions) => resolveRedisOptions(options).place;

describe('resolveRedisOptions', () => {
  it('completes what is left out', () => {
    expect(resolveRedisOptions()).toMatchObject({
      mode: 'pubsub',
      group: undefined,
      names: { prefix: 'parley:' },
      place: { kind: 'server', label: '127.0.0.1:6379', address: { host: '127.0.0.1', port: 6379 }, db: 0 },
      maxBody: 16_777_216,
      maxQueued: 67_108_864,
      heartbeat: 5000,
      connectTimeout: 10_000,
      reconnect: { initial: 50, max: 2000 },
    });
    expect(resolveRedisOptions({ maxBody: 100_000_000 }).maxQueued).toBe(200_000_000);
    expect(Object.isFrozen(resolveRedisOptions())).toBe(true);
  });

  it('reads URLs', () => {
    expect(place({ url: 'redis://h' })).toMatchObject({ address: { host: 'h', port: 6379 }, tls: undefined, db: 0 });
    expect(place({ url: 'rediss://me:p%40ss@h:1/2' })).toMatchObject({
      address: { host: 'h', port: 1 },
      tls: {},
      username: 'me',
      password: 'p@ss',
      db: 2,
    });
    expect(place({ url: 'redis://:secret@[::1]:1' })).toMatchObject({
      label: '[::1]:1',
      address: { host: '::1', port: 1 },
      username: undefined,
      password: 'secret',
    });
    expect(place({ url: 'redis://h', password: 'p', db: 3, tls: { servername: 'x' } })).toMatchObject({
      password: 'p',
      db: 3,
      tls: { servername: 'x' },
    });
  });

  it('reads the other ways to say where Redis is', () => {
    expect(place({ path: '/tmp/redis' })).toMatchObject({
      kind: 'server',
      label: '/tmp/redis',
      address: { path: '/tmp/redis' },
    });
    expect(place({ sentinels: ['a:1', '[::1]:2'], name: 'main' })).toMatchObject({
      kind: 'sentinels',
      name: 'main',
      sentinels: [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
      ],
    });
    expect(place({ cluster: ['a:1'], sharded: true })).toMatchObject({ kind: 'cluster', sharded: true });
    const client = new Redis({ lazyConnect: true });
    expect(place({ client })).toMatchObject({ kind: 'client' });
    expect(place({ client: () => client })).toMatchObject({ kind: 'factory' });
  });

  it.each<[string, unknown]>([
    ['hots', { hots: 'x' }],
    ['mode', { mode: 'lists' }],
    ['group', { group: 'users' }],
    ['group', { mode: 'streams', group: 'a/b' }],
    ['group', { mode: 'streams', group: '' }],
    ['prefix', { prefix: '{' }],
    ['maxBody', { maxBody: 0 }],
    ['maxQueued', { maxQueued: 1000 }],
    ['heartbeat', { heartbeat: -1 }],
    ['connectTimeout', { connectTimeout: 0 }],
    ['reconnect', { reconnect: { initial: 'x' } }],
    ['least', { reconnect: { least: 1 } }],
    ['url', { url: 'http://h' }],
    ['url', { url: 'redis://h/x' }],
    ['url', { url: 'redis://h?db=1' }],
    ['url', { url: 'redis://%@h' }],
    ['url', { url: 6379 }],
    ['url', { url: 'redis://:a@h', password: 'b' }],
    ['url', { url: 'redis://h/1', db: 2 }],
    ['tls', { url: 'rediss://h', tls: false }],
    ['tls', { tls: 'yes' }],
    ['host', { url: 'redis://h', host: 'h' }],
    ['port', { url: 'redis://h', port: 1 }],
    ['port', { port: 65_536 }],
    ['host', { host: '' }],
    ['host', { path: '/tmp/x', host: 'h' }],
    ['tls', { path: '/tmp/x', tls: true }],
    ['path', { url: 'redis://h', path: '/tmp/x' }],
    ['username', { username: 'me' }],
    ['db', { db: -1 }],
    ['db', { cluster: ['a:1'], db: 1 }],
    ['cluster', { cluster: [] }],
    ['cluster', { cluster: ['a'] }],
    ['cluster', { cluster: ['::1:1'] }],
    ['cluster', { sentinels: ['a:1'], name: 'x', cluster: ['a:1'] }],
    ['sharded', { sharded: true }],
    ['sharded', { client: () => new Redis({ lazyConnect: true }), sharded: true }],
    ['sentinels', { sentinels: 'a:1', name: 'x' }],
    ['name', { sentinels: ['a:1'] }],
    ['name', { name: 'x' }],
    ['sentinelPassword', { sentinelPassword: 'x' }],
    ['client', { client: {} }],
    ['client', { client: 'redis://h' }],
    ['url', { client: () => new Redis({ lazyConnect: true }), url: 'redis://h' }],
    ['timeout', { timeout: -1 }],
  ])('refuses a wrong %s by name: %j', (name, options) => {
    expect(() => redis(options as RedisOptions)).toThrowError(RpcException);
    expect(() => redis(options as RedisOptions)).toThrowError(new RegExp(`"${name}"`));
  });

  it('shows no password when it refuses a URL', () => {
    const refusal = (url: string) => {
      try {
        redis({ url });
        return 'not refused';
      } catch (error) {
        return `${(error as Error).message} ${(error as Error).stack}`;
      }
    };
    expect(refusal('redis://:hunter2@h/nowhere')).toContain('"url"');
    expect(refusal('redis://:hunter2@h/nowhere')).not.toContain('hunter2');
  });
});
