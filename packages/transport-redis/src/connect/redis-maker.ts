import { messageOf, RpcCode, RpcException } from '@parley/core/transport';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Role } from './place-options.ts';
import type { Access, Address, Place } from './read-place.ts';

/** A place with one server that matters at a time. */
export type ServerPlace = Extract<Place, { kind: 'server' | 'sentinels' | 'client' | 'factory' }>;
/** A place with many. */
export type ClusterPlace = Exclude<Place, ServerPlace>;

export function isClusterPlace(place: Place): place is ClusterPlace {
  return place.kind === 'cluster' || place.kind === 'clusterClient';
}

/**
 * What ioredis must not do by itself: reconnect (then it would resubscribe without a word), queue or repeat commands (what
 * became of them would be unknown), print (its ready check does), or rename keys.
 */
const ownOptions = {
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  // What was a master has become a replica: the next attempt finds the new one.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableReadyCheck: false,
  enableAutoPipelining: false,
  keyPrefix: '',
  readOnly: false,
  stringNumbers: false,
  commandTimeout: undefined,
  socketTimeout: undefined,
  // RESP3 takes 1.6 times the CPU per message [measured, ioredis 6.0], and has nothing that is needed here.
  protocol: 2,
  replyMapping: 'legacy',
  failoverDetector: false,
} as const satisfies RedisOptions;

/** Milliseconds that ioredis waits for the other side when it closes a connection. */
const disconnectTimeout = 200;

/** Of every connection. */
export interface Making {
  readonly connectTimeout: number;
  /** What CLIENT LIST shows, if the application has named it nothing else. */
  readonly connectionName: string;
}

/** Redis takes printable ASCII without spaces for a connection's name. */
export function connectionName(instance = 'parley', role: Role): string {
  return `${instance}:${role}`.replace(/[^!-~]/g, '_');
}

/**
 * A connection for a role, which does not connect yet, and leaves everything else to `Connection`.
 *
 * @throws RpcException 400 when a factory gives something else, 500 when it throws.
 */
export function makeRedis(place: ServerPlace, role: Role, { connectTimeout, connectionName }: Making): Redis {
  const options = { ...ownOptions, connectTimeout, connectionName, disconnectTimeout, lazyConnect: true };
  switch (place.kind) {
    case 'server':
      return new Redis({ ...options, ...accessOptions(place), ...place.address });
    case 'sentinels': {
      const { sentinels, name, sentinelUsername, sentinelPassword, tls } = place;
      return new Redis({
        ...options,
        ...accessOptions(place),
        sentinels: [...sentinels],
        name,
        ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
        ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
        ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
      });
    }
    case 'client':
      return place.client.duplicate({
        ...options,
        connectionName: place.client.options.connectionName ?? connectionName,
        monitor: false,
      });
    case 'factory':
      return adopt(place.make, role, connectionName);
  }
}

/** A cluster client that does not connect yet, and leaves everything but the slots to `ClusterConnection`. */
export function makeCluster(place: ClusterPlace, connectTimeout: number): Cluster {
  const { retryStrategy: _, enableOfflineQueue: __, readOnly: ___, ...nodeOptions } = ownOptions;
  const redisOptions = { ...nodeOptions, connectTimeout, disconnectTimeout };
  const options = {
    clusterRetryStrategy: () => null,
    // A command whose connection is lost may have been done: it is never sent again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    // Only for nodes that are found later: they are connected to by their first command.
    enableOfflineQueue: true,
    enableAutoPipelining: false,
    shardedSubscribers: false,
    scaleReads: 'master',
    slotsRefreshTimeout: 2000,
    keyPrefix: '',
    lazyConnect: true,
  } as const;
  if (place.kind === 'clusterClient') return place.client.duplicate([], { ...options, redisOptions });
  const { tls, username, password } = accessOptions(place);
  const access = {
    ...(tls === undefined ? {} : { tls }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
  return new Cluster([...place.nodes], { ...options, redisOptions: { ...redisOptions, ...access } });
}

/** A connection of its own to a node of a cluster. */
export function makeNodeRedis(
  { options }: Cluster,
  address: Address,
  { connectTimeout, connectionName }: Making,
): Redis {
  return new Redis({
    ...options.redisOptions,
    ...ownOptions,
    connectTimeout,
    connectionName: options.redisOptions?.connectionName ?? connectionName,
    disconnectTimeout,
    lazyConnect: true,
    ...address,
  });
}

type AccessOptions = Pick<RedisOptions, 'tls' | 'username' | 'password' | 'db'>;

function accessOptions({ tls, username, password, db }: Access): AccessOptions {
  return {
    ...(tls === undefined ? {} : { tls }),
    // With a name ioredis prints no warning when Redis wants no password: its user `default` then takes any.
    ...(password === undefined ? {} : { username: username ?? 'default', password }),
    ...(db === 0 ? {} : { db }),
  };
}

function adopt(make: (role: Role) => Redis, role: Role, connectionName: string): Redis {
  let redis: unknown;
  try {
    redis = make(role);
  } catch (cause) {
    throw new RpcException(`redis: the option "client" threw for the role "${role}": ${messageOf(cause)}`, { cause });
  }
  if (typeof redis !== 'object' || redis === null || !('isCluster' in redis) || redis.isCluster !== false) {
    throw new RpcException(`redis: the option "client" made no Redis of ioredis for the role "${role}"`, {
      code: RpcCode.BadRequest,
    });
  }
  if (adopted.has(redis)) {
    throw new RpcException(
      `redis: the option "client" made the same Redis twice, now for the role "${role}": a subscriber can do nothing else`,
      { code: RpcCode.BadRequest },
    );
  }
  adopted.add(redis);
  const { options } = redis as Redis;
  Object.assign(options, { ...ownOptions, connectionName: options.connectionName ?? connectionName });
  return redis as Redis;
}

/** What factories have made. */
const adopted = new WeakSet<object>();
