import { BaseClient, type Class, type Hub, RpcCode, RpcException } from '@parley/core/transport';
import { createLink } from './link/create-link.ts';
import type { RedisLink } from './link/redis-link.ts';
import type { ResolvedRedisOptions } from './redis-options.ts';
import { unwrapClient } from './unwrap-client.ts';

/** The client side: one link, in either mode. With `serve: true` it listens, too. */
export class RedisClient extends BaseClient {
  readonly #options: ResolvedRedisOptions;
  #link: RedisLink | undefined;
  #isClosed = false;

  constructor(options: ResolvedRedisOptions) {
    super();
    this.#options = options;
  }

  /**
   * Resolves when the inbox is subscribed and confirmed. While Redis cannot be reached it tries for ever, and says so
   * through `hub.unreachable`.
   *
   * Rejects with an RpcException for what trying again does not heal: 401, 403 or 400 when Redis refuses the log in, the rights
   * or the database, when TLS fails; with 503 when it is closed meanwhile.
   */
  async connect(hub: Hub): Promise<void> {
    if (this.#isClosed) throw new RpcException('The Redis client was closed', { code: RpcCode.Unavailable });
    this.#link = createLink(this.#options, hub, 'client');
    await this.#link.open();
  }

  async close(timeout: number): Promise<void> {
    this.#isClosed = true;
    await this.#link?.close(timeout);
  }

  /**
   * `Redis`, or `Cluster` where Redis is one: what commands are sent with. Use it as you like, but do not close it, and
   * subscribe to nothing with it.
   *
   * @throws TypeError for any other class; RpcException 503 when it never was connected.
   */
  unwrap<T>(type: Class<T>): T {
    return unwrapClient(this.#link, this.#options, type);
  }
}
