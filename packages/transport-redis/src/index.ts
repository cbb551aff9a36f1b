import type { RedisContext } from './redis-context.ts';
import type { RedisOptions } from './redis-options.ts';

declare module '@parley/core' {
  interface TransportOptions {
    redis: RedisOptions;
  }
  interface TransportContexts {
    redis: RedisContext;
  }
}

export type { RedisFactory, Role } from './connect/place-options.ts';
export { redis } from './redis.ts';
export { RedisClient } from './redis-client.ts';
export { RedisContext } from './redis-context.ts';
export type { RedisOptions } from './redis-options.ts';
export { RedisTransporter } from './redis-transporter.ts';
export type { RedisDeadLetter } from './streams/dead/dead-letter.ts';
export { RedisDeadLetters, redisDeadLetters } from './streams/dead/redis-dead-letters.ts';
export type { RetentionOptions } from './streams/streams-options.ts';
