import { it } from 'vitest';
import { surviveRestarts } from './restarts.ts';

it('pub/sub: Redis restarted 20 times in the middle of traffic', { timeout: 120_000 }, () => surviveRestarts('pubsub'));
