import { debianRedis } from './debian.ts';
import { dockerRedis } from './docker.ts';
import { localRedis, oldestVersion, type RedisProgram } from './redis-program.ts';

let found: Promise<RedisProgram> | undefined;

/** On PATH, else a Debian package unpacked into the cache folder, else Docker. @throws Error that says how to get one. */
export function findRedis(): Promise<RedisProgram> {
  found ??= search();
  return found;
}

async function search(): Promise<RedisProgram> {
  const failures: string[] = [];
  for (const [where, find] of [
    ['on PATH', () => localRedis('redis-server', {})],
    ['as Debian package', debianRedis],
    ['with Docker', dockerRedis],
  ] as const) {
    try {
      return await find();
    } catch (error) {
      failures.push(`- ${where}: ${error instanceof Error ? error.message.trim() : String(error)}`);
    }
  }
  throw new Error(
    `There is no Redis ${oldestVersion} here. Install one (apt-get install redis-server, brew install redis), or set ` +
      `REDIS_URL to one that runs.\n${failures.join('\n')}`,
  );
}
