import type { Redis } from 'ioredis';
import type { ResolvedRedisOptions } from '../redis-options.ts';
import { checkServer } from './check-server.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import type { Connections, ConnectionsOwner } from './connections.ts';
import { Ensemble } from './ensemble.ts';
import { countSubscribers } from './listeners.ts';
import { Parcels } from './parcels.ts';
import type { Role } from './place-options.ts';
import { Publisher } from './publisher.ts';
import { connectionName, makeRedis, type ServerPlace } from './redis-maker.ts';
import { ServerOutlet } from './server-outlet.ts';
import { hear, type Subscriptions, subscribe, unsubscribe } from './subscriber.ts';
import { within } from './within.ts';

/** Two connections to the one server that matters: a subscriber's must not wait behind anything. */
export class ServerConnections implements Connections {
  readonly posts: Publisher;
  readonly events: Publisher;
  readonly knowsReceivers = true;
  readonly #options: ResolvedRedisOptions;
  readonly #place: ServerPlace;
  readonly #name: string | undefined;
  readonly #commands: Connection;
  readonly #subscriber: Connection;

  constructor(options: ResolvedRedisOptions, place: ServerPlace, owner: ConnectionsOwner) {
    this.#options = options;
    this.#place = place;
    this.#name = owner.name;
    const ensemble = new Ensemble(owner);
    const { heartbeat } = options;
    this.#commands = this.#create('commands', heartbeat, ensemble.join());
    this.#subscriber = this.#create('subscriber', heartbeat, ensemble.join(), (redis) => hear(redis, owner.receive));
    const outlet = new ServerOutlet(this.#commands);
    this.posts = new Publisher(new Parcels(outlet, { inOrder: false }));
    this.events = new Publisher(new Parcels(outlet, { inOrder: true }));
  }

  get commands(): Redis {
    return this.#commands.redis;
  }

  get canPost(): boolean {
    return this.#commands.canWrite;
  }

  open(): void {
    this.#commands.open();
    this.#subscriber.open();
  }

  subscribe(subscriptions: Subscriptions): Promise<void> {
    return subscribe(this.#subscriber.redis, subscriptions);
  }

  unsubscribe(subscriptions: Subscriptions): Promise<void> {
    return unsubscribe(this.#subscriber.redis, subscriptions);
  }

  countListeners(channels: readonly string[]): Promise<readonly number[]> {
    return countSubscribers(this.commands, 'NUMSUB', channels);
  }

  drop(trouble: unknown): void {
    this.#subscriber.drop(trouble);
  }

  reader(_key: string, owner: ConnectionOwner): Connection {
    return this.#create('reader', 0, owner);
  }

  async close(timeout: number): Promise<void> {
    const until = performance.now() + timeout;
    if (timeout > 0) await within(timeout, Promise.all([this.posts.drained(), this.events.drained()]));
    this.posts.flush();
    this.events.flush();
    await Promise.all([this.#commands.close(Math.max(0, until - performance.now())), this.#subscriber.close(0)]);
  }

  #create(role: Role, heartbeat: number, owner: ConnectionOwner, adopt?: (redis: Redis) => void): Connection {
    const { connectTimeout, reconnect } = this.#options;
    const place = this.#place;
    let redis: Redis | undefined;
    const setup = {
      label: place.label,
      make: () =>
        (redis ??= makeRedis(place, role, { connectTimeout, connectionName: connectionName(this.#name, role) })),
      check: (made: Redis) => checkServer(made, (made.options.sentinels ?? undefined) !== undefined),
      reconnect,
      connectTimeout,
      heartbeat,
    };
    return new Connection(adopt === undefined ? setup : { ...setup, adopt }, owner);
  }
}
