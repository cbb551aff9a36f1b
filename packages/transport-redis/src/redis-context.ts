import { MessageContext, Transports } from '@parley/core/transport';

/** What the Redis transport puts into an envelope's `source`. */
export interface RedisSource {
  readonly channel: string;
  readonly entryId?: string | undefined;
  readonly deliveryCount: number;
}

/** The context of a handler whose message came over Redis. */
export class RedisContext extends MessageContext {
  /** `@Ctx(RedisContext)` limits a handler to Redis. */
  static readonly transport = Transports.REDIS;

  /** The name of the channel, or of the stream, that the message came by, prefix included. */
  get channel(): string {
    return this.#redis.channel;
  }

  /** The id of the stream's entry, such as `1526919030474-55`; `undefined` with `mode: 'pubsub'`. */
  get entryId(): string | undefined {
    return this.#redis.entryId;
  }

  /** 1 for the first time, one more for each instance that was given it before; always 1 with `mode: 'pubsub'`. */
  get deliveryCount(): number {
    return this.#redis.deliveryCount;
  }

  get #redis(): RedisSource {
    return this.source as RedisSource;
  }
}
