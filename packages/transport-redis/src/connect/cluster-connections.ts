import { RpcCode, RpcException } from '@parley/core/transport';
import type { Cluster, Redis } from 'ioredis';
import type { ResolvedRedisOptions } from '../redis-options.ts';
import { checkServer } from './check-server.ts';
import { ClusterConnection } from './cluster-connection.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import type { Connections, ConnectionsOwner } from './connections.ts';
import { Ensemble } from './ensemble.ts';
import { countSubscribers } from './listeners.ts';
import { Parcels } from './parcels.ts';
import type { Role } from './place-options.ts';
import { Publisher } from './publisher.ts';
import type { Address } from './read-place.ts';
import { type ClusterPlace, connectionName, makeCluster, makeNodeRedis } from './redis-maker.ts';
import { ServerOutlet } from './server-outlet.ts';
import { ShardedOutlet } from './sharded-outlet.ts';
import { Shards } from './shards.ts';
import { hear, type Subscriptions, subscribe, unsubscribe } from './subscriber.ts';
import { within } from './within.ts';

/**
 * The connections to a cluster. Its nodes pass on what is published, so one of them is enough to publish over and to
 * listen to: always the same one, or messages would overtake each other. (ioredis's cluster client publishes over a random
 * one each time, and its subscriber does not tell when it was lost.) Sharded channels have a node each.
 */
export class ClusterConnections implements Connections {
  readonly posts: Publisher;
  readonly events: Publisher;
  readonly knowsReceivers: boolean;
  readonly #options: ResolvedRedisOptions;
  readonly #name: string | undefined;
  readonly #cluster: ClusterConnection;
  readonly #publishing: Connection;
  readonly #subscriber: Connection;
  readonly #shards: Shards | undefined;
  #areNodesOpen = false;

  constructor(options: ResolvedRedisOptions, place: ClusterPlace, owner: ConnectionsOwner) {
    this.#options = options;
    this.#name = owner.name;
    const { connectTimeout, reconnect, heartbeat } = options;
    const ensemble = new Ensemble(owner);
    const clusterOwner = ensemble.join();
    this.#cluster = new ClusterConnection(
      { label: place.label, make: () => makeCluster(place, connectTimeout), reconnect, connectTimeout, heartbeat },
      {
        ...clusterOwner,
        up: () => {
          this.#openNodes();
          clusterOwner.up();
        },
      },
    );
    const someNode = () => this.#someMaster();
    this.#publishing = this.#create('commands', someNode, heartbeat, ensemble.join());
    this.#subscriber = this.#create('subscriber', someNode, heartbeat, ensemble.join(), (redis) =>
      hear(redis, owner.receive),
    );
    const plain = new ServerOutlet(this.#publishing);
    this.events = new Publisher(new Parcels(plain, { inOrder: true }));
    this.knowsReceivers = place.sharded;
    const outlet = place.sharded ? new ShardedOutlet(this.#cluster) : plain;
    this.posts = new Publisher(new Parcels(outlet, { inOrder: false }));
    if (!place.sharded) return;
    this.#shards = new Shards({
      cluster: this.#cluster,
      create: (address, shardOwner, adopt) =>
        this.#create('subscriber', async () => address, heartbeat, shardOwner, adopt),
      receive: owner.receive,
      reconnect,
      owner: ensemble.join(),
    });
  }

  get commands(): Cluster {
    return this.#cluster.cluster;
  }

  get canPost(): boolean {
    return this.#shards === undefined ? this.#publishing.canWrite : this.#cluster.isUp;
  }

  open(): void {
    this.#shards?.open();
    this.#cluster.open();
  }

  async subscribe({ channels, globs }: Subscriptions): Promise<void> {
    const { plain, sharded } = this.#split(channels);
    await Promise.all([
      subscribe(this.#subscriber.redis, { channels: plain, globs }),
      this.#shards?.subscribe(sharded),
    ]);
  }

  async unsubscribe({ channels, globs }: Subscriptions): Promise<void> {
    const { plain, sharded } = this.#split(channels);
    await Promise.all([
      unsubscribe(this.#subscriber.redis, { channels: plain, globs }),
      this.#shards?.unsubscribe(sharded),
    ]);
  }

  async countListeners(channels: readonly string[]): Promise<readonly number[]> {
    const count = this.#shards === undefined ? 'NUMSUB' : 'SHARDNUMSUB';
    const masters = this.commands.nodes('master');
    const counts = await Promise.all(masters.map((node) => countSubscribers(node, count, channels)));
    return channels.map((_, index) => counts.reduce((sum, some) => sum + (some[index] ?? 0), 0));
  }

  drop(trouble: unknown): void {
    this.#subscriber.drop(trouble);
  }

  reader(key: string, owner: ConnectionOwner): Connection {
    return this.#create('reader', () => this.#cluster.masterOf(key), 0, owner);
  }

  async close(timeout: number): Promise<void> {
    const until = performance.now() + timeout;
    if (timeout > 0) await within(timeout, Promise.all([this.posts.drained(), this.events.drained()]));
    this.posts.flush();
    this.events.flush();
    const left = Math.max(0, until - performance.now());
    await Promise.all([
      this.#publishing.close(left),
      this.#subscriber.close(0),
      this.#shards?.close(),
      this.#cluster.close(left),
    ]);
  }

  #openNodes(): void {
    if (this.#areNodesOpen) return;
    this.#areNodesOpen = true;
    this.#publishing.open();
    this.#subscriber.open();
  }

  /** Events go by plain channels: wildcards know no shards. */
  #split(channels: readonly string[]): { readonly plain: readonly string[]; readonly sharded: readonly string[] } {
    if (this.#shards === undefined) return { plain: channels, sharded: [] };
    const { names } = this.#options;
    const isEvent = (channel: string) => names.read(channel)?.kind === 'event';
    return { plain: channels.filter(isEvent), sharded: channels.filter((channel) => !isEvent(channel)) };
  }

  async #someMaster(): Promise<Address> {
    const { masters } = this.#cluster;
    const master = masters[Math.floor(Math.random() * masters.length)];
    if (master !== undefined) return master;
    throw new RpcException('No node of the cluster is known', { code: RpcCode.Unavailable });
  }

  #create(
    role: Role,
    find: () => Promise<Address>,
    heartbeat: number,
    owner: ConnectionOwner,
    adopt?: (redis: Redis) => void,
  ): Connection {
    const { connectTimeout, reconnect, place } = this.#options;
    const making = { connectTimeout, connectionName: connectionName(this.#name, role) };
    const setup = {
      label: place.label,
      make: async () => makeNodeRedis(this.commands, await find(), making),
      check: (made: Redis) => checkServer(made, true),
      reconnect,
      connectTimeout,
      heartbeat,
    };
    return new Connection(adopt === undefined ? setup : { ...setup, adopt }, owner);
  }
}
