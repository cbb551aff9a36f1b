import type { RpcException } from '@parley/core/transport';
import type { Redis } from 'ioredis';
import { connectError } from '../redis-error.ts';
import type { ResolvedRedisOptions } from '../redis-options.ts';
import { checkServer } from './check-server.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import type { Role } from './place-options.ts';
import { isClusterPlace, makeRedis } from './redis-maker.ts';
import { hear, type ReceiveMessage } from './subscriber.ts';

/** Told what becomes of the connections of a link, taken together. */
export interface ConnectionsOwner {
  /** All are up: the first time, and after each outage. What was subscribed before is not any more. */
  up(): void;
  /** One is gone, once until the next `up`; also while `up` is still being acted upon. */
  down(reason: RpcException): void;
  /** An attempt failed while not all are up. With 503 the next one may do better; there is a next one anyway. */
  failed(reason: RpcException): void;
  readonly receive: ReceiveMessage;
}

/** The connections of one link: one for commands, one that listens to channels, and in streams one that reads. */
export class Connections {
  readonly #options: ResolvedRedisOptions;
  readonly #owner: ConnectionsOwner;
  readonly #all = new Map<Role, Connection>();
  #isUp = false;

  constructor(options: ResolvedRedisOptions, roles: readonly Role[], owner: ConnectionsOwner) {
    this.#options = options;
    this.#owner = owner;
    for (const role of roles) this.#all.set(role, this.#create(role));
  }

  /** Begins to connect, for ever. What comes of it the owner is told. */
  open(): void {
    for (const connection of this.#all.values()) connection.open();
  }

  /** Whether commands can be sent; also true while another connection is still down. */
  get canCommand(): boolean {
    return this.#of('commands').isUp;
  }

  /** @throws RpcException 503 before it was opened. */
  get commands(): Redis {
    return this.#of('commands').redis;
  }

  /** @throws RpcException 503 before it was opened. */
  get subscriber(): Redis {
    return this.#of('subscriber').redis;
  }

  /** @throws RpcException 503 before it was opened. */
  get reader(): Redis {
    return this.#of('reader').redis;
  }

  /** Takes a connection for broken: it is made anew, and until then all are down. */
  drop(role: Role, trouble: unknown): void {
    this.#of(role).drop(trouble);
  }

  /** For good; what was written before is still sent, for at most `timeout` ms. */
  async close(timeout: number): Promise<void> {
    this.#isUp = false;
    await Promise.all([...this.#all.values()].map((connection) => connection.close(timeout)));
  }

  #of(role: Role): Connection {
    const connection = this.#all.get(role);
    if (connection === undefined) throw new TypeError(`There is no connection for the role "${role}"`);
    return connection;
  }

  #create(role: Role): Connection {
    const { place, connectTimeout, reconnect, heartbeat } = this.#options;
    if (isClusterPlace(place)) throw connectError(new Error('no clusters yet'), place.label);
    let redis: Redis | undefined;
    return new Connection(
      {
        label: place.label,
        make: () => (redis ??= makeRedis(place, role, connectTimeout)),
        adopt: (made) => {
          if (role === 'subscriber') hear(made, this.#owner.receive);
        },
        check: (made) => checkServer(made, place.kind === 'sentinels'),
        reconnect,
        connectTimeout,
        // A reader is silent while it blocks.
        heartbeat: role === 'reader' ? 0 : heartbeat,
      },
      this.#ownerOfOne,
    );
  }

  readonly #ownerOfOne: ConnectionOwner = {
    up: () => {
      if ([...this.#all.values()].some((connection) => !connection.isUp)) return;
      this.#isUp = true;
      this.#owner.up();
    },
    down: (_, reason) => {
      if (!this.#isUp) return;
      this.#isUp = false;
      this.#owner.down(reason);
    },
    failed: (_, reason) => this.#owner.failed(reason),
  };
}
