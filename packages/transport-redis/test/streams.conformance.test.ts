import type { RedisServer } from '@parley/brokers/redis';
import { describeTransport, type World, type WorldOptions } from '@parley/testing/conformance';
import { Redis } from 'ioredis';
import { type RedisOptions, redisDeadLetters } from '../src/index.ts';
import { redisWorld } from './redis-world.ts';

/** A short lease, so that what a crashed instance had is taken over while the kit waits; long enough for a machine that is busy. */
const common = { mode: 'streams', lease: 2000, discoverInterval: 200 } as const satisfies RedisOptions;

function optionsOf({ group = 'service', ...asked }: WorldOptions): RedisOptions {
  return { ...common, ...asked, group };
}

function deadLettersOf({ url }: RedisServer): Partial<World> {
  return {
    async deadLetters() {
      await using letters = redisDeadLetters({ url });
      return await Array.fromAsync(letters.list());
    },
  };
}

describeTransport({
  name: 'redis streams',
  create: () => redisWorld(optionsOf, deadLettersOf),
  unwraps: { server: [Redis], client: [Redis] },
  supports: {
    wildcards: true,
    order: true,
    durableEvents: true,
    deadLetters: true,
    countsDeliveries: true,
    groups: true,
    takeover: true,
    broadcast: true,
    nobodyListens: 'waits',
    noHandler: 'waits',
    peerCalls: false,
    restart: true,
    crash: true,
    waitsForRoom: true,
  },
});
