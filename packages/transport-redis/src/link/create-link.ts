import type { Hub } from '@parley/core/transport';
import { PubSubLink } from '../pubsub/pubsub-link.ts';
import type { ResolvedRedisOptions } from '../redis-options.ts';
import { StreamsLink } from '../streams/streams-link.ts';
import { withoutCommand } from '../without-command.ts';
import type { RedisLink, Side } from './redis-link.ts';

/** The link of the mode, not open yet. */
export function createLink(options: ResolvedRedisOptions, hub: Hub, side: Side): RedisLink {
  const discreet = withoutCommands(hub);
  return options.mode === 'streams'
    ? new StreamsLink(options, discreet, side)
    : new PubSubLink(options, discreet, side);
}

/** What is logged shows no arguments of commands. */
function withoutCommands(hub: Hub): Hub {
  return {
    routes: hub.routes,
    attach: (link) => hub.attach(link),
    unreachable: (reason) => hub.unreachable(withoutCommand(reason)),
    warn: (what, detail) => hub.warn(what, withoutCommand(detail)),
  };
}
