import { type Backoff, backoffDelay, RpcCode, RpcException } from '@parley/core/transport';
import type { Cluster, Redis } from 'ioredis';
import { connectError, lostError } from '../redis-error.ts';
import type { ConnectionOwner } from './connection.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Address } from './read-place.ts';
import { within } from './within.ts';

/** Milliseconds that closing may take at most when nothing is to be sent. */
const closeTime = 1000;

export interface ClusterSetup {
  readonly label: string;
  /** Called once; it must not reconnect by itself. */
  make(): Cluster;
  readonly reconnect: Backoff;
  /** Milliseconds for an attempt, until every node that can be reached is. */
  readonly connectTimeout: number;
  /** Milliseconds of silence that end the connection to a node; 0: none do. */
  readonly heartbeat: number;
}

/**
 * ioredis's cluster client, made to connect again for ever: it knows who has which slot, and sends each command there.
 * A node that is lost does not end it: commands under way to that node fail, the next ones find who has its slots now.
 */
export class ClusterConnection {
  readonly #setup: ClusterSetup;
  readonly #owner: ConnectionOwner;
  #cluster: Cluster | undefined;
  #state: 'idle' | 'opening' | 'up' | 'waiting' | 'closed' = 'idle';
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;
  #trouble: unknown;
  #ended: (() => void) | undefined;

  constructor(setup: ClusterSetup, owner: ConnectionOwner) {
    this.#setup = setup;
    this.#owner = owner;
  }

  get isUp(): boolean {
    return this.#state === 'up' && this.#cluster?.status === 'ready';
  }

  /** @throws RpcException 503 before it was ever opened. */
  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new RpcException('Redis is not connected', { code: RpcCode.Unavailable });
    return this.#cluster;
  }

  /** The masters that it knows; empty before it was up. */
  get masters(): readonly Address[] {
    return this.cluster
      .nodes('master')
      .flatMap(({ options: { host, port } }) => (host === undefined || port === undefined ? [] : [{ host, port }]));
  }

  /** Who has the slot of a key or channel now. @throws RpcException 503 when nobody does. */
  async masterOf(key: string): Promise<Address> {
    const slot = await this.cluster.cluster('KEYSLOT', key);
    const node = this.cluster.slots[slot]?.[0];
    const colon = node?.lastIndexOf(':') ?? -1;
    if (node === undefined || colon < 0) {
      throw new RpcException(`No node of the cluster has the slot of "${key}"`, { code: RpcCode.Unavailable });
    }
    return { host: node.slice(0, colon), port: Number(node.slice(colon + 1)) };
  }

  /** Asks again who has what. */
  refresh(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.cluster.refreshSlotsCache((error) => (error instanceof Error ? reject(error) : resolve()));
    });
  }

  open(): void {
    if (this.#state === 'closed') return;
    this.#state = 'opening';
    this.#trouble = undefined;
    this.#attempt += 1;
    this.#cluster ??= this.#adopt(this.#setup.make());
    const cluster = this.#cluster;
    const { connectTimeout } = this.#setup;
    this.#timer = setTimeout(() => {
      this.#trouble ??= Object.assign(new Error(`no answer within ${connectTimeout} ms`), { code: 'ETIMEDOUT' });
      this.#disconnect(cluster);
    }, connectTimeout);
    cluster.connect().then(
      () => this.#greet(cluster),
      (error: unknown) => {
        this.#trouble ??= error;
      },
    );
  }

  /** For good, within `timeout` ms: what was sent before is still sent. */
  async close(timeout: number): Promise<void> {
    const former = this.#state;
    const cluster = this.#cluster;
    clearTimeout(this.#timer);
    this.#state = 'closed';
    if (cluster === undefined || (former !== 'up' && former !== 'opening')) return;
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    if (former === 'up' && timeout > 0)
      await within(timeout, Promise.allSettled(cluster.nodes('master').map((node) => node.ping())));
    this.#disconnect(cluster);
    await within(Math.max(timeout, closeTime), ended);
  }

  #adopt(cluster: Cluster): Cluster {
    cluster.on('error', (error: unknown) => {
      this.#trouble ??= error;
    });
    // Why a node could not be asked says more than that none could.
    cluster.on('node error', (error: unknown) => {
      if (this.#state === 'opening') this.#trouble ??= error;
    });
    cluster.on('end', () => this.#end());
    cluster.on('+node', (node: Redis) => this.#watch(node));
    return cluster;
  }

  /** Connects to all nodes now: each would otherwise be connected to by its first command. */
  #greet(cluster: Cluster): void {
    const greetings = cluster.nodes('master').map((node) => node.ping());
    Promise.any(greetings)
      .then(() => Promise.allSettled(greetings))
      .then(
        () => {
          if (this.#state !== 'opening' || cluster.status !== 'ready') return;
          clearTimeout(this.#timer);
          this.#state = 'up';
          this.#attempt = 0;
          this.#trouble = undefined;
          this.#owner.up();
        },
        (error: unknown) => {
          if (this.#state !== 'opening') return;
          this.#trouble ??= error;
          this.#disconnect(cluster);
        },
      );
  }

  #disconnect(cluster: Cluster): void {
    const nodes = cluster.nodes();
    cluster.disconnect();
    // `disconnect` waits for the other side to close.
    for (const node of nodes) node.stream?.destroy();
    // While ioredis looks names up there are no nodes, and nothing that it would say the end of.
    if (nodes.length === 0) this.#end();
  }

  #watch(node: Redis): void {
    const { heartbeat } = this.#setup;
    if (heartbeat === 0) return;
    let watching: Heartbeat | undefined;
    node.on('ready', () => {
      watching?.stop();
      watching = new Heartbeat(node, heartbeat, () => node.stream.destroy());
    });
    node.on('end', () => watching?.stop());
  }

  #end(): void {
    this.#ended?.();
    if (this.#state !== 'opening' && this.#state !== 'up') return;
    clearTimeout(this.#timer);
    const wasUp = this.#state === 'up';
    const { label, reconnect } = this.#setup;
    this.#state = 'waiting';
    this.#timer = setTimeout(() => this.open(), backoffDelay(reconnect, Math.max(1, this.#attempt)));
    if (wasUp) this.#owner.down(lostError(this.#trouble, label));
    else this.#owner.failed(connectError(this.#trouble ?? new Error('no node answers'), label));
  }
}
