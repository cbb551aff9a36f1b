import { checkServer } from '../../connect/check-server.ts';
import { Connection } from '../../connect/connection.ts';
import { isClusterPlace, makeRedis } from '../../connect/redis-maker.ts';
import { connectError } from '../../redis-error.ts';
import type { ResolvedRedisOptions } from '../../redis-options.ts';
import type { OpenReader } from './read-loop.ts';

/** Connections that block while they read, each by itself. */
export function openReader(options: ResolvedRedisOptions): OpenReader {
  const { place, connectTimeout, reconnect, heartbeat } = options;
  if (isClusterPlace(place)) throw connectError(new Error('no clusters yet'), place.label);
  return (_key, owner) => {
    let redis: ReturnType<typeof makeRedis> | undefined;
    const make = () => (redis ??= makeRedis(place, 'reader', connectTimeout));
    const check = (made: ReturnType<typeof makeRedis>) => checkServer(made, place.kind === 'sentinels');
    return new Connection({ label: place.label, make, check, reconnect, connectTimeout, heartbeat }, owner);
  };
}
