import { describeTransport } from '@parley/testing/conformance';
import { Redis } from 'ioredis';
import { redisWorld } from './redis-world.ts';

describeTransport({
  name: 'redis pubsub',
  create: () => redisWorld(({ group: _, ...options }) => options),
  unwraps: { server: [Redis], client: [Redis] },
  supports: {
    wildcards: true,
    order: true,
    durableEvents: false,
    deadLetters: false,
    countsDeliveries: false,
    groups: false,
    takeover: false,
    broadcast: false,
    nobodyListens: '503',
    noHandler: '503',
    peerCalls: false,
    restart: true,
    crash: true,
    waitsForRoom: false,
  },
});
