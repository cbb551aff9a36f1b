import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';

/** A connection for commands that do not block. */
export type Commands = Redis | Cluster;

/** A Lua script, sent once to each Redis and called by its hash from then on. All of its keys are in one slot. */
export class Script {
  readonly #source: string;
  readonly #hash: string;

  constructor(source: string) {
    this.#source = source;
    this.#hash = createHash('sha1').update(source).digest('hex');
  }

  /** Strings come back as Buffers. */
  async run(redis: Commands, keys: readonly string[], args: readonly (string | Buffer | number)[]): Promise<unknown> {
    try {
      return await redis.callBuffer('evalsha', this.#hash, keys.length, ...keys, ...args);
    } catch (error) {
      if (!says(error, 'NOSCRIPT')) throw error;
      return redis.callBuffer('eval', this.#source, keys.length, ...keys, ...args);
    }
  }
}

/** Whether a command failed because its stream or its group is not there. */
export function isNoGroup(error: unknown): boolean {
  // Redis 6 wraps what a script's command says.
  return says(error, 'NOGROUP') || says(error, 'no such key');
}

export function says(error: unknown, word: string): boolean {
  return error instanceof Error && error.message.includes(word);
}
