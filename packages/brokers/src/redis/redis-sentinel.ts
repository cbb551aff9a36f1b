import { until } from '../shared/until.ts';
import { LocalRedis } from './local-redis.ts';
import { type Configure, commonLines, dataLines, type ServerPlace } from './redis-config.ts';
import type { RedisServer } from './redis-server.ts';

export interface RedisSentinelOptions {
  /** What sentinels call the master. Default: `parley`. */
  readonly name?: string | undefined;
}

/** A master, a replica, and a sentinel that makes the replica master some five seconds after the master is gone. */
export interface RedisSentinel extends AsyncDisposable {
  readonly name: string;
  /** Goes into ioredis as `sentinels`. */
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly sentinel: RedisServer;
  /** Both servers; first the one that was started as master. */
  readonly servers: readonly RedisServer[];
  /** The one that the sentinel names now, and that answers as master. */
  master(): Promise<RedisServer>;
  /** Resolves when another than `old` is master. */
  failover(old: RedisServer): Promise<RedisServer>;
  close(): Promise<void>;
}

/** Starts them on ports of their own (whatever REDIS_URL is). Resolves when the sentinel knows the replica. */
export async function startRedisSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
  const name = options.name ?? 'parley';
  const started: LocalRedis[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.close()));
  };
  const start = async (configure: Configure, ...flags: string[]) => {
    const server = await LocalRedis.start({ configure, flags });
    started.push(server);
    return server;
  };
  try {
    const first = await start(dataServer);
    const second = await start(async (place) => [
      ...(await dataServer(place)),
      `replicaof ${first.host} ${first.port}`,
    ]);
    await until('the replica to follow its master', () =>
      second.admin(async (redis) => (await redis.info('replication')).includes('master_link_status:up')),
    );
    const sentinel = await start(async (place) => sentinelLines(place, name, first), '--sentinel');
    await until('the sentinel to know the replica', async () => (await replicasOf(sentinel, name)) > 0);
    return sentinelOf(name, sentinel, [first, second], close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function dataServer(place: ServerPlace): Promise<string[]> {
  return [...(await dataLines(place, {}, undefined)), 'repl-diskless-sync-delay 0'];
}

function sentinelLines(place: ServerPlace, name: string, master: LocalRedis): string[] {
  return [
    ...commonLines(place),
    `port ${place.port}`,
    `sentinel monitor ${name} ${master.host} ${master.port} 1`,
    // It pings every second: with less than two it takes the new master for dead before that has answered once.
    `sentinel down-after-milliseconds ${name} 2500`,
    `sentinel failover-timeout ${name} 5000`,
  ];
}

async function replicasOf(sentinel: LocalRedis, name: string): Promise<number> {
  const replicas = await sentinel.admin((redis) => redis.call('SENTINEL', 'REPLICAS', name));
  return Array.isArray(replicas) ? replicas.length : 0;
}

function sentinelOf(
  name: string,
  sentinel: LocalRedis,
  servers: readonly LocalRedis[],
  close: () => Promise<void>,
): RedisSentinel {
  const named = async (): Promise<LocalRedis | undefined> => {
    const answer = (await sentinel.admin((redis) => redis.call('SENTINEL', 'MASTER', name))) as string[];
    const field = (wanted: string): string | undefined => answer[answer.indexOf(wanted) + 1];
    // Otherwise it is down, or a failover is not at its end.
    if (field('flags') !== 'master') return undefined;
    const server = servers.find(({ port }) => String(port) === field('port'));
    const isMaster = await server?.admin(async (redis) => (await redis.info('replication')).includes('role:master'));
    return isMaster === true ? server : undefined;
  };
  return {
    name,
    sentinel,
    servers,
    sentinels: [{ host: sentinel.host, port: sentinel.port }],
    master: () => until('the sentinel to name a master', named),
    failover: (old) =>
      until(
        'the sentinel to name another master',
        async () => {
          const master = await named();
          return master === old ? undefined : master;
        },
        // One that did not get to run for two seconds takes 30 s in which it only watches (TILT).
        { timeout: 90_000 },
      ),
    close,
    [Symbol.asyncDispose]: close,
  };
}
