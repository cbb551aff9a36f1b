import { RpcException } from '@parley/core/transport';
import { describe, expect, it } from 'vitest';
import { tcp } from './tcp.ts';
import { resolveTcpOptions, type TcpOptions } from './tcp-options.ts';

describe('resolveTcpOptions', () => {
  it('fills in the defaults, and does not touch what it is given', () => {
    const given = Object.freeze({ reconnect: Object.freeze({ max: 9 }) });
    expect(resolveTcpOptions(given)).toMatchObject({
      host: '127.0.0.1',
      port: 8888,
      path: undefined,
      tls: undefined,
      maxBody: 16_777_216,
      frameTimeout: 30_000,
      maxQueued: 67_108_864,
      heartbeat: 15_000,
      maxConnections: 10_000,
      connectTimeout: 10_000,
      reconnect: { initial: 100, max: 9 },
      targets: [{ label: '127.0.0.1:8888', address: { host: '127.0.0.1', port: 8888 } }],
    });
    expect(resolveTcpOptions({ maxBody: 100_000_000 }).maxQueued).toBe(200_000_000);
    expect(Object.isFrozen(resolveTcpOptions())).toBe(true);
  });

  it('reads where to connect to', () => {
    const targets = (options: TcpOptions) =>
      resolveTcpOptions(options).targets.map(({ label, address }) => [label, address]);
    expect(targets({ targets: ['a:1', '[::1]:80'] })).toEqual([
      ['a:1', { host: 'a', port: 1 }],
      ['[::1]:80', { host: '::1', port: 80 }],
    ]);
    expect(targets({ host: '0.0.0.0', port: 1 })).toEqual([['0.0.0.0:1', { host: '127.0.0.1', port: 1 }]]);
    expect(targets({ host: '::', port: 1 })).toEqual([['[::]:1', { host: '::1', port: 1 }]]);
    expect(targets({ path: '/tmp/x' })).toEqual([['/tmp/x', { path: '/tmp/x' }]]);
  });

  it.each<[string, unknown]>([
    ['prot', { prot: 1 }],
    ['port', { port: 65_536 }],
    ['port', { port: '80' }],
    ['host', { host: '' }],
    ['path', { path: '/tmp/x', port: 1 }],
    ['targets', { targets: [] }],
    ['targets', { targets: 'a:1' }],
    ['targets', { targets: ['a'] }],
    ['targets', { targets: ['::1:80'] }],
    ['targets', { targets: ['a:0'] }],
    ['targets', { targets: ['a:70000'] }],
    ['targets', { targets: [1] }],
    ['tls', { tls: 'yes' }],
    ['tls', { tls: { kye: '' } }],
    ['rejectUnauthorized', { tls: { rejectUnauthorized: 'no' } }],
    ['maxBody', { maxBody: 0 }],
    ['maxBody', { maxBody: 300_000_000 }],
    ['maxQueued', { maxQueued: 1000 }],
    ['frameTimeout', { frameTimeout: 0 }],
    ['heartbeat', { heartbeat: -1 }],
    ['maxConnections', { maxConnections: 0.5 }],
    ['connectTimeout', { connectTimeout: 2 ** 31 }],
    ['reconnect', { reconnect: { initial: 'x' } }],
    ['reconnect', { reconnect: { least: 1 } }],
    ['name', { name: 'x'.repeat(256) }],
    ['timeout', { timeout: -1 }],
  ])('refuses a wrong %s by name', (name, options) => {
    expect(() => tcp(options as TcpOptions)).toThrowError(RpcException);
    expect(() => tcp(options as TcpOptions)).toThrowError(new RegExp(`"${name}"`));
  });
});
