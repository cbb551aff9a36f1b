import { it } from 'vitest';
import { surviveRestarts } from './restarts.ts';

it(
  'streams: Redis restarted 20 times in the middle of traffic, and keeping what it has taken',
  {
    timeout: 120_000,
  },
  () => surviveRestarts('streams', { appendonly: true }),
);
