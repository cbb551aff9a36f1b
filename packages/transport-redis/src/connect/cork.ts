import type { Cluster, Redis } from 'ioredis';

/**
 * Commands of one tick leave in one write: ioredis writes each by itself, and its autopipelining sends the next batch only when
 * the one before is answered.
 */
export class Cork {
  #corked: Redis['stream'] | undefined;
  readonly #uncork = (): void => {
    const stream = this.#corked;
    this.#corked = undefined;
    stream?.uncork();
  };

  /** Before a command. In a cluster commands leave as they come. */
  put(redis: Redis | Cluster): void {
    if (this.#corked !== undefined || redis.isCluster) return;
    const { stream } = redis as Redis;
    this.#corked = stream;
    stream.cork();
    process.nextTick(this.#uncork);
  }
}
