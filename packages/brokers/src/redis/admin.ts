import { Redis, type RedisOptions } from 'ioredis';
import type { RedisClients } from './redis-options.ts';

/** Where it connects; the driver's own type leaves no room for `undefined` in `replyMapping`. */
export type AdminOptions = Omit<RedisOptions, 'replyMapping'>;

/** How long a piece of work may take, connecting included, in ms. */
const patience = 5_000;

/** One connection for one piece of work, without retries. @throws what it or the connection throws. */
export async function withAdmin<T>(options: AdminOptions, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({
    ...options,
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Of ioredis' own bounds none ends a `connect` to a server that takes connections and is paused.
  const timer = setTimeout(() => redis.disconnect(), patience);
  // Also rejects `connect` or the command.
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}

/** Cuts connections, never the one it asks over. @returns how many. */
export async function killClients(redis: Redis, which: RedisClients): Promise<number> {
  const kill = async (...filter: [string, string]): Promise<number> =>
    Number(await redis.call('CLIENT', 'KILL', ...filter, 'SKIPME', 'yes'));
  if (typeof which === 'string') {
    const kinds = which === 'all' ? ['normal', 'pubsub'] : [which];
    const killed = await Promise.all(kinds.map((kind) => kill('TYPE', kind)));
    return killed.reduce((sum, count) => sum + count, 0);
  }
  const killed = await Promise.all((await idsOf(redis, which.name)).map((id) => kill('ID', id)));
  return killed.reduce((sum, count) => sum + count, 0);
}

async function idsOf(redis: Redis, name: string): Promise<string[]> {
  const list = String(await redis.call('CLIENT', 'LIST'));
  return list.split('\n').flatMap((line) => {
    const fields = new Map(
      line
        .trim()
        .split(' ')
        .map((field) => field.split('=', 2) as [string, string]),
    );
    const id = fields.get('id');
    return id !== undefined && fields.get('name') === name ? [id] : [];
  });
}
