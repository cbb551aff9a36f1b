import { once } from 'node:events';
import { Redis } from 'ioredis6';
import { redisAddress } from '../redis-address.ts';

/**
 * A connection to Redis whose commands of one tick leave with one write. That and RESP2 took the least CPU of the ways
 * that ioredis has: a pipeline for each tick took 1.4 times as much, autopipelining 1.5, RESP3 1.6 (at 64 messages under way).
 */
export class Corked {
  readonly redis: Redis;
  #scheduled = false;
  #free: Promise<unknown> | undefined;
  readonly #uncork = (): void => {
    this.#scheduled = false;
    this.redis.stream.uncork();
  };

  constructor(redis: Redis) {
    this.redis = redis;
  }

  static async open(broker: string): Promise<Corked> {
    const redis = new Redis({ ...redisAddress(broker), protocol: 2, lazyConnect: true });
    await redis.connect();
    return new Corked(redis);
  }

  publish(channel: string, text: string): void {
    void this.write().publish(channel, text);
  }

  /** To be followed by a command at once. */
  write(): Redis {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.redis.stream.cork();
      process.nextTick(this.#uncork);
    }
    return this.redis;
  }

  /** Resolves when there is room; `undefined` when there is. */
  whenFree(): Promise<unknown> | undefined {
    if (!this.redis.stream.writableNeedDrain) return undefined;
    this.#free ??= once(this.redis.stream, 'drain').finally(() => {
      this.#free = undefined;
    });
    return this.#free;
  }
}
