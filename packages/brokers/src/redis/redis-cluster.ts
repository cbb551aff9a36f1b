import type { Redis } from 'ioredis';
import { freePort } from '../shared/free-port.ts';
import { until } from '../shared/until.ts';
import { moveSlot, nodeOfSlot, slotCount } from './cluster-slots.ts';
import { LocalRedis } from './local-redis.ts';
import { dataLines } from './redis-config.ts';
import type { RedisServerOptions } from './redis-options.ts';
import type { RedisServer } from './redis-server.ts';

export interface RedisClusterOptions {
  /** Masters without replicas, at least 3. Default: 3. */
  readonly nodes?: number | undefined;
  /** As of a server: a node that comes back has its slots anyway, its keys only with this. Default: false. */
  readonly appendonly?: boolean | undefined;
}

/** A cluster on 127.0.0.1: every slot is served, by masters of the same share. */
export interface RedisCluster extends AsyncDisposable {
  readonly nodes: readonly RedisServer[];
  /** What a cluster client starts from. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** Resolves when every node says that the cluster is whole; to be asked after one was started again. */
  ready(): Promise<void>;
  /** The node that has the slot of a key or channel. */
  nodeOf(key: string): Promise<RedisServer>;
  /** Gives the slot of a key, with all its keys, to a node: clients meet MOVED. */
  moveSlotOf(key: string, to: RedisServer): Promise<void>;
  close(): Promise<void>;
}

/** Starts a cluster of one's own (whatever REDIS_URL is). Resolves when it is whole. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const count = options.nodes ?? 3;
  const started = await Promise.allSettled(Array.from({ length: count }, () => startNode(options)));
  const nodes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    await Promise.all(nodes.map((node, index) => node.admin((redis) => takeSlots(redis, index, count))));
    await meet(nodes);
    await whole(nodes);
  } catch (error) {
    await Promise.all(nodes.map((node) => node.close()));
    throw error;
  }
  return clusterOf(nodes);
}

async function startNode(options: RedisServerOptions): Promise<LocalRedis> {
  return LocalRedis.start({
    configure: async (place) => [
      ...(await dataLines(place, options, undefined)),
      'cluster-enabled yes',
      'cluster-config-file nodes.conf',
      'cluster-announce-ip 127.0.0.1',
      // The default is 10 000 above the port, which nobody has looked at.
      `cluster-port ${await freePort()}`,
      // A node is given up, and its return noticed, within seconds; one that a busy machine does not let run for two is not.
      'cluster-node-timeout 5000',
    ],
  });
}

async function takeSlots(redis: Redis, index: number, count: number): Promise<void> {
  const from = Math.floor((slotCount * index) / count);
  const to = Math.floor((slotCount * (index + 1)) / count) - 1;
  await redis.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
}

async function meet(nodes: readonly LocalRedis[]): Promise<void> {
  const [first, ...others] = nodes;
  for (const other of others) {
    const [, busPort] = await other.admin(
      async (redis) => (await redis.call('CONFIG', 'GET', 'cluster-port')) as string[],
    );
    await first?.admin((redis) => redis.call('CLUSTER', 'MEET', other.host, other.port, busPort ?? ''));
  }
}

/** `cluster_state:ok` on every node, and each knows who has which slots. */
async function whole(nodes: readonly LocalRedis[]): Promise<void> {
  await until('every cluster node to say that the cluster is whole', async () => {
    const answers = await Promise.all(
      nodes.map((node) =>
        node.admin(async (redis) => {
          const info = String(await redis.call('CLUSTER', 'INFO'));
          return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}`);
        }),
      ),
    );
    return answers.every(Boolean);
  });
}

function clusterOf(nodes: readonly LocalRedis[]): RedisCluster {
  const slotOf = async (key: string): Promise<number> => {
    const asked = nodes.find((node) => node.pid !== undefined);
    return Number(await asked?.admin((redis) => redis.call('CLUSTER', 'KEYSLOT', key)));
  };
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.close()));
  };
  return {
    nodes,
    addresses: nodes.map(({ host, port }) => ({ host, port })),
    ready: () => whole(nodes),
    nodeOf: async (key) => nodeOfSlot(nodes, await slotOf(key)),
    async moveSlotOf(key, to) {
      const target = nodes.find((node) => node === to);
      if (target === undefined) throw new Error(`the Redis on port ${to.port} is no node of this cluster`);
      await moveSlot(nodes, await slotOf(key), target);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
