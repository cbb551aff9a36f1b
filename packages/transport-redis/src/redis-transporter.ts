import { BaseTransporter, type Class, type Hub, RpcCode, RpcException } from '@parley/core/transport';
import { createLink } from './link/create-link.ts';
import type { RedisLink } from './link/redis-link.ts';
import type { ResolvedRedisOptions } from './redis-options.ts';
import { unwrapClient } from './unwrap-client.ts';

/** The server side: one link, in either mode. */
export class RedisTransporter extends BaseTransporter {
  readonly #options: ResolvedRedisOptions;
  #link: RedisLink | undefined;
  #isClosed = false;

  constructor(options: ResolvedRedisOptions) {
    super();
    this.#options = options;
  }

  /**
   * Resolves when all subscriptions are confirmed.
   *
   * Rejects with an RpcException: 503 when Redis cannot be reached, or is not ready; 401, 403 or 400 when it refuses
   * the log in, the rights or the database, when TLS fails, and without the option `group` in mode `streams`.
   */
  async listen(hub: Hub): Promise<void> {
    const { mode, group } = this.#options;
    if (this.#isClosed) throw new RpcException('The Redis transporter is closed', { code: RpcCode.Unavailable });
    if (mode === 'streams' && group === undefined) {
      throw new RpcException(
        'redis: the option "group" is required to listen: give all instances of a service the same one',
        { code: RpcCode.BadRequest },
      );
    }
    this.#link = createLink(this.#options, hub, 'server');
    await this.#link.open();
  }

  async pause(): Promise<void> {
    await this.#link?.pause();
  }

  async close(timeout: number): Promise<void> {
    this.#isClosed = true;
    await this.#link?.close(timeout);
  }

  /**
   * `Redis`, or `Cluster` where Redis is one: what commands are sent with. Use it as you like, but do not close it, and
   * subscribe to nothing with it.
   *
   * @throws TypeError for any other class; RpcException 503 before it listens.
   */
  unwrap<T>(type: Class<T>): T {
    return unwrapClient(this.#link, this.#options, type);
  }
}
