import { Container, pullImage } from '../shared/container.ts';
import type { RedisProgram } from './redis-program.ts';

const image = 'redis:7';

/**
 * Redis in a container on the host's own network: cluster nodes and sentinels tell clients the addresses at which they
 * find each other. Docker Desktop has that network, too, where its settings allow it.
 *
 * @throws Error where no Docker answers or the image cannot be had.
 */
export async function dockerRedis(): Promise<RedisProgram> {
  await pullImage(image);
  return {
    origin: `docker's ${image}`,
    launch: (config, folder, flags) => new Container({ image, folder, command: ['redis-server', config, ...flags] }),
  };
}
