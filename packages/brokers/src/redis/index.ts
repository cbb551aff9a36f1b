export { type Proxy, startProxy } from '../shared/proxy.ts';
export type { RedisClients, RedisServerOptions } from './redis-options.ts';
export type { RedisServer } from './redis-server.ts';
export { startRedis } from './start-redis.ts';
