import { describeTransport } from '@parley/testing/conformance';
import { Redis } from 'ioredis';
import { redisWorld } from './redis-world.ts';

describeTransport({
  name: 'redis streams',
  create: () =>
    // A short lease, so that what a crashed instance had is taken over while the kit waits.
    redisWorld(({ group = 'service', ...options }) => ({ ...options, mode: 'streams', group, lease: 600, discoverInterval: 200 })),
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
