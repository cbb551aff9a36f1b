import { RpcCode, RpcException } from '@parley/core/transport';
import type { Cluster, Redis } from 'ioredis';
import { type Commands, says } from './script.ts';

/** XPENDING with IDLE, and MINID, came with it. */
const oldest = [6, 2] as const;

/**
 * Looks whether Redis can do what streams need, and keeps what it has. What an ACL forbids to ask is taken for good.
 *
 * @returns what is worth a warning.
 * @throws RpcException 501 when Redis is too old.
 */
export async function checkRedis(redis: Commands): Promise<string | undefined> {
  const node = redis.isCluster ? ((redis as Cluster).nodes('master')[0] as Redis) : (redis as Redis);
  const [server, memory] = await Promise.all([read(node, 'server'), read(node, 'memory')]);
  const version = /^redis_version:((\d+)\.(\d+)\S*)/m.exec(server);
  if (version !== null) checkVersion(String(version[1]), Number(version[2]), Number(version[3]));
  const policy = /^maxmemory_policy:(allkeys-\S+)/m.exec(memory)?.[1];
  if (policy === undefined || /^maxmemory:0\r?$/m.test(memory)) return undefined;
  return `redis: when Redis is full it removes streams with all that waits in them (maxmemory-policy ${policy}). Set it to "noeviction"`;
}

async function read(redis: Redis, section: string): Promise<string> {
  try {
    return await redis.info(section);
  } catch (error) {
    if (says(error, 'NOPERM')) return '';
    throw error;
  }
}

function checkVersion(version: string, major: number, minor: number): void {
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  throw new RpcException(
    `redis: mode "streams" needs Redis ${oldest.join('.')} or later, and this is ${version}. Take a newer one, or mode "pubsub"`,
    { code: RpcCode.Unsupported },
  );
}
