import { RpcCode, RpcException } from '@parley/core/transport';
import type { Redis } from 'ioredis';

/**
 * Rejects while Redis is of no use: it loads its data, or is a replica where a master is wanted. (The ready check of
 * ioredis looks at INFO, and prints a warning where an ACL forbids that.)
 *
 * @param wantsMaster sentinels may still name the old master; what is published to a replica reaches nobody else.
 */
export async function checkServer(redis: Redis, wantsMaster: boolean): Promise<void> {
  await redis.ping().catch(unlessForbidden);
  if (!wantsMaster) return;
  const role: unknown = await redis.role().catch(unlessForbidden);
  if (Array.isArray(role) && role[0] !== 'master') {
    throw new RpcException(`It is not the master, but a ${role[0]}: a failover is under way`, {
      code: RpcCode.Unavailable,
    });
  }
}

/** What an ACL forbids to ask is taken for good. */
function unlessForbidden(error: unknown): undefined {
  if (error instanceof Error && error.message.startsWith('NOPERM')) return undefined;
  throw error;
}
