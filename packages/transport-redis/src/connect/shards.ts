import { type Backoff, backoffDelay, RpcCode, RpcException } from '@parley/core/transport';
import type { Redis } from 'ioredis';
import type { ClusterConnection } from './cluster-connection.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import type { Address } from './read-place.ts';
import { hearShard, type ReceiveMessage } from './subscriber.ts';

export interface ShardsSetup {
  readonly cluster: ClusterConnection;
  /** A connection to one node, not open yet; `adopt` gets each Redis object before it connects. */
  create(address: Address, owner: ConnectionOwner, adopt: (redis: Redis) => void): Connection;
  readonly receive: ReceiveMessage;
  readonly reconnect: Backoff;
  /** Up, until a node is lost or a slot has moved; up again when all is to be subscribed anew. */
  readonly owner: ConnectionOwner;
}

interface Shard {
  readonly connection: Connection;
  readonly up: PromiseWithResolvers<void>;
}

/** Listens to sharded channels: with one connection for each node that has the slot of one. */
export class Shards {
  readonly #setup: ShardsSetup;
  #shards = new Map<string, Shard>();
  #isUp = false;
  #isClosed = false;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(setup: ShardsSetup) {
    this.#setup = setup;
  }

  open(): void {
    this.#isUp = true;
    this.#setup.owner.up();
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    await this.#each(channels, (redis, channel) => redis.ssubscribe(channel));
    this.#attempt = 0;
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    await this.#each(channels, (redis, channel) => redis.sunsubscribe(channel));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#closeAll(new Error('closed'));
  }

  async #each(channels: readonly string[], act: (redis: Redis, channel: string) => Promise<unknown>): Promise<void> {
    const acting = channels.map(async (channel) => {
      const { connection } = await this.#shardOf(channel);
      await act(connection.redis, channel);
    });
    // All of them, so that none is left behind when one fails.
    for (const result of await Promise.allSettled(acting)) if (result.status === 'rejected') throw result.reason;
  }

  async #shardOf(channel: string): Promise<Shard> {
    const address = await this.#setup.cluster.masterOf(channel);
    const key = `${address.host}:${address.port}`;
    const shard = this.#shards.get(key) ?? this.#add(key, address);
    await shard.up.promise;
    return shard;
  }

  #add(key: string, address: Address): Shard {
    const up = Promise.withResolvers<void>();
    const lost = (reason: RpcException) => {
      up.reject(reason);
      if (this.#shards.get(key) === shard) this.#lost(reason);
    };
    const connection = this.#setup.create(address, { up: () => up.resolve(), down: lost, failed: lost }, (redis) => {
      hearShard(redis, this.#setup.receive);
      // Of ioredis: the slot of a channel has gone to another node.
      redis.on('moved' as 'end', () => lost(moved(key)));
    });
    const shard = { connection, up };
    // Whoever waits for it hears it.
    up.promise.catch(() => undefined);
    this.#shards.set(key, shard);
    if (this.#isClosed) up.reject(moved(key));
    else connection.open();
    return shard;
  }

  /** All is subscribed anew: who has which slot may have changed. */
  #lost(reason: RpcException): void {
    void this.#closeAll(reason);
    if (!this.#isUp || this.#isClosed) return;
    this.#isUp = false;
    this.#setup.owner.down(reason);
    this.#setup.owner.failed(reason);
    this.#attempt += 1;
    this.#timer = setTimeout(() => void this.#again(), backoffDelay(this.#setup.reconnect, this.#attempt));
  }

  async #again(): Promise<void> {
    // If it fails the old slots are tried, and the next loss asks again.
    await this.#setup.cluster.refresh().catch(() => undefined);
    if (!this.#isClosed) this.open();
  }

  async #closeAll(reason: unknown): Promise<void> {
    const shards = [...this.#shards.values()];
    this.#shards = new Map();
    for (const { up } of shards) up.reject(reason);
    await Promise.all(shards.map(({ connection }) => connection.close(0)));
  }
}

function moved(node: string): RpcException {
  return new RpcException(`A channel is not at the node ${node} any more`, { code: RpcCode.Unavailable });
}
