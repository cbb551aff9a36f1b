import { BaseTransporter, type Class, type Hub } from '@parley/core/transport';
import type { MemoryLink } from './memory-link.ts';
import type { ResolvedMemoryOptions } from './memory-options.ts';
import { unwrapBroker } from './unwrap-broker.ts';

/** The server side of the memory transport: one instance in the broker. */
export class MemoryTransporter extends BaseTransporter {
  readonly #options: ResolvedMemoryOptions;
  #link: MemoryLink | undefined;

  constructor(options: ResolvedMemoryOptions) {
    super();
    this.#options = options;
  }

  /** Rejects with 503 during an outage. */
  async listen(hub: Hub): Promise<void> {
    const { broker, group, name, maxBody } = this.#options;
    this.#link = broker.open(hub, { name: name ?? group, group }, maxBody);
  }

  async pause(): Promise<void> {
    await this.#link?.pause();
  }

  async close(): Promise<void> {
    if (this.#link !== undefined) this.#options.broker.close(this.#link, new Error('closed'));
  }

  /** The `MemoryBroker`. @throws TypeError for any other class. */
  unwrap<T>(type: Class<T>): T {
    return unwrapBroker(this.#options.broker, type);
  }
}
