import type { Hub } from '@parley/core/transport';
import { PubSubLink } from '../pubsub/pubsub-link.ts';
import type { ResolvedRedisOptions } from '../redis-options.ts';
import { StreamsLink } from '../streams/streams-link.ts';
import type { RedisLink, Side } from './redis-link.ts';

/** The link of the mode, not open yet. */
export function createLink(options: ResolvedRedisOptions, hub: Hub, side: Side): RedisLink {
  return options.mode === 'streams' ? new StreamsLink(options, hub, side) : new PubSubLink(options, hub, side);
}
