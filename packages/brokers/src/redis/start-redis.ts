import { makeCertificate } from '../shared/certificate.ts';
import { ExternalRedis } from './external-redis.ts';
import { LocalRedis } from './local-redis.ts';
import { dataLines } from './redis-config.ts';
import type { RedisServerOptions } from './redis-options.ts';
import type { RedisServer } from './redis-server.ts';

/**
 * A private Redis on 127.0.0.1, which answers when it resolves; or the one of REDIS_URL, where that is set. Close it:
 * it keeps this process alive, and does not outlive it.
 *
 * @throws Error with its log if it does not start, or with how to get one if there is none.
 */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { REDIS_URL } = process.env;
  if (REDIS_URL !== undefined && REDIS_URL !== '') return ExternalRedis.start(REDIS_URL, options);
  const certificate = options.tls === true ? await makeCertificate() : undefined;
  return LocalRedis.start({
    port: options.port,
    password: options.password,
    tls: certificate === undefined ? undefined : { ca: certificate.ca },
    configure: (place) => dataLines(place, options, certificate),
  });
}
