import type { Redis } from 'ioredis';

/** What one listens to. */
export interface Subscriptions {
  readonly channels: readonly string[];
  /** Patterns of PSUBSCRIBE. */
  readonly globs: readonly string[];
}

/** What came on a channel, with the glob that it came by, if it did. May not throw. */
export type ReceiveMessage = (channel: Buffer, message: Buffer, glob: string | undefined) => void;

/** Channels in one command; Redis confirms each by itself. */
const chunkSize = 500;

/** Resolves when all are confirmed; those that are there already are confirmed again. */
export async function subscribe(redis: Redis, { channels, globs }: Subscriptions): Promise<void> {
  await Promise.all([
    ...chunks(channels).map((chunk) => redis.subscribe(...chunk)),
    ...chunks(globs).map((chunk) => redis.psubscribe(...chunk)),
  ]);
}

export async function unsubscribe(redis: Redis, { channels, globs }: Subscriptions): Promise<void> {
  await Promise.all([
    ...chunks(channels).map((chunk) => redis.unsubscribe(...chunk)),
    ...chunks(globs).map((chunk) => redis.punsubscribe(...chunk)),
  ]);
}

/** Hears what comes to a Redis object, as bytes: what comes is not always text. */
export function hear(redis: Redis, receive: ReceiveMessage): void {
  redis.on('messageBuffer', (channel: Buffer, message: Buffer) => receive(channel, message, undefined));
  redis.on('pmessageBuffer', (glob: string, channel: Buffer, message: Buffer) => receive(channel, message, glob));
}

/** As {@link hear}, for sharded channels. */
export function hearShard(redis: Redis, receive: ReceiveMessage): void {
  redis.on('smessageBuffer', (channel: Buffer, message: Buffer) => receive(channel, message, undefined));
}

function chunks(names: readonly string[]): string[][] {
  const all: string[][] = [];
  for (let from = 0; from < names.length; from += chunkSize) all.push(names.slice(from, from + chunkSize));
  return all;
}
