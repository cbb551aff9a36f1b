import type { TransportFactory } from '@parley/core';
import { defineTransport, Transports } from '@parley/core/transport';
import { RedisClient } from './redis-client.ts';
import { type RedisOptions, resolveRedisOptions } from './redis-options.ts';
import { RedisTransporter } from './redis-transporter.ts';

/**
 * Redis 6 or later, as pub/sub or as streams: `redis({ url: 'redis://127.0.0.1:6379' })`. Pub/sub keeps nothing and
 * reaches every instance; `mode: 'streams'` keeps everything until one instance of each group has handled it.
 *
 * @throws RpcException 400 naming the option that is wrong.
 */
export const redis: TransportFactory<RedisOptions> = defineTransport<RedisOptions>(Transports.REDIS, (options) => {
  const resolved = resolveRedisOptions(options);
  return {
    // What streams keep waits in Redis, not here, so that others of the group can have it.
    defaults: resolved.mode === 'streams' ? { concurrency: 256 } : undefined,
    createTransporter: () => new RedisTransporter(resolved),
    createClient: () => new RedisClient(resolved),
  };
});
