import { type RedisServer, startRedis } from '@parley/brokers/redis';
import type { Transport } from '@parley/core/transport';
import type { World, WorldOptions } from '@parley/testing/conformance';
import { Redis } from 'ioredis';
import { type RedisOptions, redis } from '../src/index.ts';

/**
 * A world for the conformance kit: a Redis of its own, which can be stopped, and instances that can be cut off.
 *
 * @param options of every server and client, by what the kit asks for.
 * @param more what else the world can do, on the Redis that it got.
 */
export async function redisWorld(
  options: (asked: WorldOptions) => RedisOptions,
  more: (broker: RedisServer) => Partial<World> = () => ({}),
): Promise<World> {
  const broker = await startRedis();
  const instances = new Map<Transport, Redis[]>();
  const create = (asked: WorldOptions = {}): Transport => {
    const made: Redis[] = [];
    const transport = redis({
      ...options(asked),
      client: () => {
        const client = new Redis({ host: broker.host, port: broker.port, lazyConnect: true });
        made.push(client);
        return client;
      },
    });
    instances.set(transport, made);
    return transport;
  };
  return {
    server: create,
    client: (_, asked) => create(asked),
    stop: () => broker.stop(),
    restart: () => broker.start(),
    // Its sockets are gone, and it finds Redis no more: to all others it is as if it were killed.
    crash: async (transport) => {
      for (const client of instances.get(transport) ?? []) {
        client.options.port = 1;
        client.stream?.destroy();
      }
    },
    close: () => broker.close(),
    ...more(broker),
  };
}
