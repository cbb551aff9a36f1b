import { BaseClient, type Class, type Hub, RpcCode, RpcException } from '@parley/core/transport';
import type { MemoryLink } from './memory-link.ts';
import type { ResolvedMemoryOptions } from './memory-options.ts';
import { unwrapBroker } from './unwrap-broker.ts';

/** The client side of the memory transport: an inbox in the broker for the answers. */
export class MemoryClient extends BaseClient {
  readonly #options: ResolvedMemoryOptions;
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;
  #link: MemoryLink | undefined;

  constructor(options: ResolvedMemoryOptions) {
    super();
    this.#options = options;
  }

  /** During an outage it waits for the end. */
  async connect(hub: Hub): Promise<void> {
    const { broker, group, name, maxBody } = this.#options;
    while (this.#link === undefined) {
      if (this.#isClosed) throw new RpcException('The client was closed', { code: RpcCode.Unavailable });
      try {
        this.#link = broker.open(hub, { name: name ?? 'client', group }, maxBody);
      } catch (reason) {
        hub.unreachable(reason);
        await Promise.race([broker.whenUp(), this.#closed.promise]);
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.resolve();
    if (this.#link !== undefined) this.#options.broker.close(this.#link, new Error('closed'));
  }

  /** The `MemoryBroker`. @throws TypeError for any other class. */
  unwrap<T>(type: Class<T>): T {
    return unwrapBroker(this.#options.broker, type);
  }
}
