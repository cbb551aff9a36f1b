import { MessageContext, Transports } from '@parley/core/transport';

/** What the memory transport puts into an envelope's `source`. */
export interface MemorySource {
  readonly instance: string;
  readonly group: string;
  readonly deliveryCount: number;
}

/** The context of a handler whose message came over the memory transport. */
export class MemoryContext extends MessageContext {
  /** `@Ctx(MemoryContext)` limits a handler to this transport. */
  static readonly transport = Transports.MEMORY;

  /** The name of the handling instance in the broker, as `MemoryBroker.crash` takes it. */
  get instance(): string {
    return this.#memory.instance;
  }

  /** The group that the message was delivered to; of a broadcast the instance itself. */
  get group(): string {
    return this.#memory.group;
  }

  /** 1 for the first time; one more for each instance that went away with it. */
  get deliveryCount(): number {
    return this.#memory.deliveryCount;
  }

  get #memory(): MemorySource {
    return this.source as MemorySource;
  }
}
