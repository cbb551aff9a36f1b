import type { Cluster, Redis } from 'ioredis';
import type { ResolvedRedisOptions } from '../redis-options.ts';
import { ClusterConnections } from './cluster-connections.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import type { Publisher } from './publisher.ts';
import { isClusterPlace } from './redis-maker.ts';
import { ServerConnections } from './server-connections.ts';
import type { ReceiveMessage, Subscriptions } from './subscriber.ts';

/**
 * Told what becomes of the connections of a link, all together: `up` the first time and after each outage (what was
 * subscribed before may be so no more), `down` once for an outage, `failed` for each attempt that failed.
 */
export interface ConnectionsOwner extends ConnectionOwner {
  readonly receive: ReceiveMessage;
  /** What CLIENT LIST shows, with the role; a client of the application may have another name for it. Default `parley`. */
  readonly name?: string;
}

/** The connections of one link: for commands, for what is heard on channels, and for readers. */
export interface Connections {
  /** For messages, answers and controls. */
  readonly posts: Publisher;
  /** For events. */
  readonly events: Publisher;
  /**
   * Whether the number that PUBLISH gives to `posts` says who got it: 0 is nobody. (Without sharded channels, a node of a cluster
   * counts only its own.)
   */
  readonly knowsReceivers: boolean;
  /**
   * For commands with keys, and for `unwrap`. In a cluster each goes to the node that has its key.
   *
   * @throws RpcException 503 before it was opened.
   */
  readonly commands: Redis | Cluster;
  /** Whether `posts` leave; also true while another connection is still down. */
  readonly canPost: boolean;
  /** Begins to connect, for ever. */
  open(): void;
  /** Resolves when all are confirmed. Those that are there already are confirmed again. */
  subscribe(subscriptions: Subscriptions): Promise<void>;
  unsubscribe(subscriptions: Subscriptions): Promise<void>;
  /** How many listen to each of these channels of messages, in the whole place. */
  countListeners(channels: readonly string[]): Promise<readonly number[]>;
  /** What hears channels is broken: it is connected anew, and until then all are down. */
  drop(trouble: unknown): void;
  /**
   * A connection of its own for commands that block, not open yet, without a heartbeat, and yours to close; in a
   * cluster it leads to the node that has `key`, each time it connects.
   */
  reader(key: string, owner: ConnectionOwner): Connection;
  /** For good; what was written before is still sent, for at most `timeout` ms. */
  close(timeout: number): Promise<void>;
}

export function createConnections(options: ResolvedRedisOptions, owner: ConnectionsOwner): Connections {
  const { place } = options;
  return isClusterPlace(place)
    ? new ClusterConnections(options, place, owner)
    : new ServerConnections(options, place, owner);
}
