import type { ConnectionOptions } from 'node:tls';
import type { Cluster, Redis } from 'ioredis';

/**
 * What a connection is for. `commands`: PUBLISH, XADD and the like; `subscriber`: SUBSCRIBE; `reader`: reads streams
 * and blocks (`mode: 'streams'` only).
 */
export type Role = 'commands' | 'subscriber' | 'reader';

/** Makes a connection for a role; it is then ours: its options are set, it is reconnected and closed. */
export type RedisFactory = (role: Role) => Redis;

/** Where Redis is: a URL, or host and port, or a Unix socket, or sentinels, or a cluster, or a client of yours. */
export interface PlaceOptions {
  /** `redis://user:password@host:port/db`, or `rediss://` for TLS. */
  readonly url?: string | undefined;
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default 6379. */
  readonly port?: number | undefined;
  /** A Unix socket instead of host and port. */
  readonly path?: string | undefined;
  /** TLS: `true`, or options of node:tls such as `ca`, `cert`, `key`, `servername`. Default: only with `rediss://`. */
  readonly tls?: ConnectionOptions | boolean | undefined;
  /** Of an ACL user; needs `password`. Default: Redis's user `default`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** The database. Streams live in it; channels know none. Default 0. */
  readonly db?: number | undefined;
  /** Sentinels, `host:port` each: the master is found through them, again after each failover. Needs `name`. */
  readonly sentinels?: readonly string[] | undefined;
  /** What the sentinels call the master. */
  readonly name?: string | undefined;
  /** Password of the sentinels themselves. */
  readonly sentinelPassword?: string | undefined;
  /** ACL user of the sentinels themselves. */
  readonly sentinelUsername?: string | undefined;
  /** Nodes of a cluster, `host:port` each; one that answers is enough, the others are found through it. */
  readonly cluster?: readonly string[] | undefined;
  /**
   * Of a cluster: messages of `mode: 'pubsub'`, and answers in both modes, go by sharded channels (Redis 7), so that they
   * concern only the node that has the channel. Events of pub/sub still go to all nodes: wildcards need that. Default false.
   */
  readonly sharded?: boolean | undefined;
  /**
   * A `Redis` or `Cluster` of yours, which is duplicated and never closed; or a function that makes a `Redis` for each
   * role. Instead of all the above.
   */
  readonly client?: Redis | Cluster | RedisFactory | undefined;
}

export const placeOptionNames = [
  'url',
  'host',
  'port',
  'path',
  'tls',
  'username',
  'password',
  'db',
  'sentinels',
  'name',
  'sentinelPassword',
  'sentinelUsername',
  'cluster',
  'sharded',
  'client',
] as const satisfies readonly (keyof PlaceOptions)[];
