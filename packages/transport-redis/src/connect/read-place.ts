import type { ConnectionOptions } from 'node:tls';
import type { OptionReader } from '@parley/core/transport';
import type { Cluster, Redis } from 'ioredis';
import { type PlaceOptions, placeOptionNames, type RedisFactory } from './place-options.ts';
import { type FromUrl, readUrl } from './read-url.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** How to log in, and what to speak. */
export interface Access {
  readonly tls: ConnectionOptions | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

/** Where Redis is, as {@link PlaceOptions} say it. `label` is for errors and logs, without a secret. */
export type Place =
  | (Access & {
      readonly kind: 'server';
      readonly label: string;
      readonly address: Address | { readonly path: string };
    })
  | (Access & {
      readonly kind: 'sentinels';
      readonly label: string;
      readonly sentinels: readonly Address[];
      readonly name: string;
      readonly sentinelUsername: string | undefined;
      readonly sentinelPassword: string | undefined;
    })
  | (Access & {
      readonly kind: 'cluster';
      readonly label: string;
      readonly nodes: readonly Address[];
      readonly sharded: boolean;
    })
  | { readonly kind: 'client'; readonly label: string; readonly client: Redis }
  | { readonly kind: 'clusterClient'; readonly label: string; readonly client: Cluster; readonly sharded: boolean }
  | { readonly kind: 'factory'; readonly label: string; readonly make: RedisFactory };

type Reader = OptionReader<PlaceOptions>;

/** The ways to say where Redis is: one of them, and what may stand beside it. */
const ways: Readonly<Partial<Record<keyof PlaceOptions, readonly (keyof PlaceOptions)[]>>> = {
  client: ['sharded'],
  cluster: ['sharded', 'tls', 'username', 'password'],
  sentinels: ['name', 'sentinelUsername', 'sentinelPassword', 'tls', 'username', 'password', 'db'],
  url: ['tls', 'username', 'password', 'db'],
  path: ['username', 'password', 'db'],
};
const plainWay: readonly (keyof PlaceOptions)[] = ['host', 'port', 'tls', 'username', 'password', 'db'];

/** @throws RpcException 400 naming the option that is wrong, or that contradicts another. */
export function readPlace(read: Reader, options: PlaceOptions): Place {
  const way = (Object.keys(ways) as (keyof PlaceOptions)[]).find((name) => options[name] !== undefined);
  const allowed = (way === undefined ? undefined : ways[way]) ?? plainWay;
  for (const name of placeOptionNames) {
    if (name === way || options[name] === undefined || allowed.includes(name)) continue;
    throw read.error(name, way === undefined ? (needs[name] ?? 'is not for this') : `cannot stand beside "${way}"`);
  }
  switch (way) {
    case 'client':
      return readClient(read, options.client, read.boolean('sharded', { default: false }));
    case 'cluster':
      return readCluster(read, options);
    case 'sentinels':
      return readSentinels(read, options);
    case 'url':
      return readServer(read, options, readUrl(options));
    default:
      return readServer(read, options, {});
  }
}

/** Why an option has no meaning alone. */
const needs: Readonly<Partial<Record<keyof PlaceOptions, string>>> = {
  name: 'is what the sentinels call the master: it needs "sentinels"',
  sentinelUsername: 'needs "sentinels"',
  sentinelPassword: 'needs "sentinels"',
  sharded: 'needs "cluster"',
};

function readServer(read: Reader, options: PlaceOptions, url: FromUrl): Place {
  const path = read.string('path');
  const host = url.host ?? read.string('host') ?? '127.0.0.1';
  const port = url.port ?? read.integer('port', { default: 6379, min: 1, max: 65_535 });
  const address = path === undefined ? { host, port } : { path };
  return { kind: 'server', label: path ?? labelOf({ host, port }), address, ...readAccess(read, options, url) };
}

function readSentinels(read: Reader, options: PlaceOptions): Place {
  const sentinels = readAddresses(read, 'sentinels', options.sentinels);
  const name = read.string('name');
  if (name === undefined) throw read.error('name', 'must be what the sentinels call the master');
  return {
    kind: 'sentinels',
    label: `the master "${name}" of the sentinels ${sentinels.map(labelOf).join(', ')}`,
    sentinels,
    name,
    sentinelUsername: read.string('sentinelUsername'),
    sentinelPassword: read.string('sentinelPassword'),
    ...readAccess(read, options, {}),
  };
}

function readCluster(read: Reader, options: PlaceOptions): Place {
  const nodes = readAddresses(read, 'cluster', options.cluster);
  const label = `the cluster ${nodes.map(labelOf).join(', ')}`;
  const sharded = read.boolean('sharded', { default: false });
  return { kind: 'cluster', label, nodes, sharded, ...readAccess(read, options, {}) };
}

function readClient(read: Reader, client: PlaceOptions['client'], sharded: boolean): Place {
  const isClient = typeof client === 'object' && client !== null && typeof client.duplicate === 'function';
  // Not `instanceof`: the application may have a copy of ioredis of its own.
  if (isClient && client.isCluster) {
    return { kind: 'clusterClient', label: 'the cluster of the given client', client: client as Cluster, sharded };
  }
  if (sharded) throw read.error('sharded', 'needs a cluster, which the option "client" is not');
  if (isClient) return { kind: 'client', label: 'the server of the given client', client: client as Redis };
  if (typeof client === 'function') return { kind: 'factory', label: 'the server of the given factory', make: client };
  throw read.error('client', 'must be a Redis or Cluster of ioredis 6, or a function that makes a Redis');
}

function readAccess(read: Reader, { tls }: PlaceOptions, url: FromUrl): Access {
  const username = url.username ?? read.string('username');
  const password = url.password ?? read.string('password');
  if (username !== undefined && password === undefined) throw read.error('username', 'needs "password"');
  if (tls === false && url.isSecure === true) throw read.error('tls', 'contradicts the URL, which begins with rediss:');
  return {
    tls: readTls(read, tls) ?? (url.isSecure === true ? {} : undefined),
    username,
    password,
    db: url.db ?? read.integer('db', { default: 0 }),
  };
}

function readTls(read: Reader, tls: unknown): ConnectionOptions | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true) return {};
  if (typeof tls !== 'object' || tls === null || Array.isArray(tls)) {
    throw read.error('tls', 'must be true, false or an object of options of node:tls');
  }
  return { ...tls };
}

function readAddresses(read: Reader, name: 'sentinels' | 'cluster', value: unknown): readonly Address[] {
  const rule = 'must be a non-empty array of "host:port"';
  if (!Array.isArray(value) || value.length === 0) throw read.error(name, rule);
  return value.map((item: unknown) => {
    // `host:port`, the host an IPv6 address only in brackets.
    const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(String(item)) ?? [];
    const host = bracketed ?? plain;
    const port = Number(digits);
    if (typeof item !== 'string' || host === undefined || port < 1 || port > 65_535) {
      throw read.error(name, `${rule} with a port from 1 to 65535, which ${JSON.stringify(item)} is not`);
    }
    return { host, port };
  });
}

function labelOf({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
