import type { Redis } from 'ioredis';

/**
 * How many listen to each channel, on one server; 0 where an ACL forbids to ask.
 *
 * @param count `SHARDNUMSUB` for sharded channels.
 */
export async function countSubscribers(
  redis: Redis,
  count: 'NUMSUB' | 'SHARDNUMSUB',
  channels: readonly string[],
): Promise<readonly number[]> {
  if (channels.length === 0) return [];
  try {
    const flat = (await redis.call('PUBSUB', count, ...channels)) as readonly unknown[];
    return channels.map((_, index) => Number(flat[2 * index + 1]));
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return channels.map(() => 0);
    throw error;
  }
}
