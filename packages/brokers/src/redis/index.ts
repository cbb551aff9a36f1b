export { type Proxy, startProxy } from '../shared/proxy.ts';
export { type RedisCluster, type RedisClusterOptions, startRedisCluster } from './redis-cluster.ts';
export type { RedisClients, RedisServerOptions } from './redis-options.ts';
export { type RedisSentinel, type RedisSentinelOptions, startRedisSentinel } from './redis-sentinel.ts';
export type { RedisServer } from './redis-server.ts';
export { startRedis } from './start-redis.ts';
