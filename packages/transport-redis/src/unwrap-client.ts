import { type Class, RpcCode, RpcException } from '@parley/core/transport';
import { Cluster, Redis } from 'ioredis';
import { isClusterPlace } from './connect/redis-maker.ts';
import type { RedisLink } from './link/redis-link.ts';
import type { ResolvedRedisOptions } from './redis-options.ts';

/** @throws TypeError for any class but the one; RpcException 503 without a link. */
export function unwrapClient<T>(link: RedisLink | undefined, options: ResolvedRedisOptions, type: Class<T>): T {
  const given = isClusterPlace(options.place) ? Cluster : Redis;
  if ((type as unknown) !== given) {
    const isTwin = type.name === given.name;
    const hint = isTwin ? ' This one is of another copy of ioredis: install the version that Parley has (6).' : '';
    throw new TypeError(`Redis has no ${type.name} here: it gives the ${given.name} of ioredis.${hint}`);
  }
  if (link !== undefined) return link.driver as T;
  throw new RpcException('Redis is not connected', { code: RpcCode.Unavailable });
}
