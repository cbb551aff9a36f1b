import type { Redis } from 'ioredis';

/** What became of a command: `error` is `null` when Redis did it. */
export type Published = (error: Error | null | undefined, receivers?: number) => void;

/** Bytes that wait in a socket before its way out counts as full. */
const highWater = 1_048_576;

/**
 * PUBLISH over one connection. Commands of one tick leave in one write: ioredis writes each by itself, and its
 * autopipelining waits for the answers of one batch before it sends the next.
 */
export class Publisher {
  #corked: Redis['stream'] | undefined;
  #backlog = 0;
  readonly #uncork = (): void => {
    const stream = this.#corked;
    this.#corked = undefined;
    stream?.uncork();
  };

  publish(redis: Redis, channel: string, message: string | Buffer, published: Published): void {
    this.#cork(redis.stream);
    redis.publish(channel, message, published as (error: Error | null | undefined) => void);
  }

  /** Resolves when the way out is not full any more, or gone; `undefined` when it is not full. */
  static drained({ stream }: Redis): Promise<void> | undefined {
    if (stream.writableLength <= highWater) return undefined;
    return new Promise((resolve) => {
      const done = () => {
        stream.off('drain', done);
        stream.off('close', done);
        resolve();
      };
      stream.on('drain', done);
      stream.on('close', done);
    });
  }

  /** Bytes that earlier ticks have left unsent. (What one tick makes can only leave after it.) */
  backlog({ stream }: Redis): number {
    return this.#corked === stream ? this.#backlog : stream.writableLength;
  }

  #cork(stream: Redis['stream']): void {
    if (this.#corked !== undefined) return;
    this.#corked = stream;
    this.#backlog = stream.writableLength;
    stream.cork();
    process.nextTick(this.#uncork);
  }
}
