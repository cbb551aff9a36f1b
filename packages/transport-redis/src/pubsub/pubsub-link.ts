import {
  type Arrival,
  type Event,
  type Hub,
  kindsOn,
  type Request,
  RpcCode,
  RpcException,
  writeHead,
} from '@parley/core/transport';
import type { Subscriptions } from '../connect/subscriber.ts';
import { RedisLink, type Side } from '../link/redis-link.ts';
import type { ReadChannel } from '../names.ts';
import type { RedisSource } from '../redis-context.ts';
import type { ResolvedRedisOptions } from '../redis-options.ts';
import { packMessage } from '../wire/message.ts';
import { EventSubscriptions } from './event-subscriptions.ts';

/** `mode: 'pubsub'`: everything is published on channels, nothing is kept. */
export class PubSubLink extends RedisLink {
  readonly #subscriptions: Subscriptions;
  readonly #events: EventSubscriptions;
  #isPaused = false;
  /** Whether was looked who else listens. */
  #isWatched = false;

  constructor(options: ResolvedRedisOptions, hub: Hub, side: Side) {
    super(options, hub, side);
    const { messages, broadcast } = hub.routes;
    this.#events = new EventSubscriptions([hub.routes, broadcast], this.names);
    this.#subscriptions = {
      channels: [
        ...messages.map((pattern) => this.names.channel('message', pattern)),
        ...this.#events.events.map((pattern) => this.names.channel('event', pattern)),
      ],
      globs: this.#events.globs,
    };
  }

  /** Takes nothing new: answers, cancels and credit still come by the inbox. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    if (this.isUp) await this.#unsubscribe();
  }

  protected override subscriptions(): Subscriptions {
    return this.#isPaused ? { channels: [], globs: [] } : this.#subscriptions;
  }

  protected override async prepare(): Promise<void> {
    if (this.#isWatched) return;
    this.#isWatched = true;
    const { messages } = this.hub.routes;
    const counts = await this.connections.countListeners(
      messages.map((pattern) => this.names.channel('message', pattern)),
    );
    const shared = messages.filter((_, index) => (counts[index] ?? 0) > 1);
    if (shared.length === 0) return;
    this.hub.warn(
      `redis: another instance listens to ${shared.map((pattern) => `"${pattern}"`).join(', ')}: with mode "pubsub" each handles every message. Use mode "streams" to share the work`,
    );
  }

  protected override began(): void {
    // It may have been paused while it subscribed.
    if (this.#isPaused) void this.#unsubscribe();
  }

  protected override ceased(): void {}

  /** If the connection is lost meanwhile, they are not subscribed again. */
  async #unsubscribe(): Promise<void> {
    await this.connections.unsubscribe(this.#subscriptions).catch((error: unknown) => {
      if (this.isUp) this.hub.warn('redis: could not unsubscribe', error);
    });
  }

  protected override request(envelope: Request): Promise<void> | undefined {
    const { pattern, body } = envelope;
    const message = packMessage(writeHead(envelope, this.instance), body);
    const { posts, knowsReceivers } = this.connections;
    return new Promise((resolve, reject) => {
      posts.publish(this.names.channel('message', pattern), message, (error, receivers) => {
        if (error !== undefined) reject(this.failure(error, pattern));
        else if (receivers === 0 && knowsReceivers) reject(nobody(pattern));
        else resolve();
      });
    });
  }

  protected override event(envelope: Event): Promise<void> | undefined {
    const { pattern, body } = envelope;
    const message = packMessage(writeHead(envelope, this.instance), body);
    return new Promise((resolve, reject) => {
      this.connections.events.publish(this.names.channel('event', pattern), message, (error) => {
        if (error === undefined) resolve();
        else reject(this.failure(error, pattern));
      });
    });
  }

  protected override arrivalOn(
    channel: string,
    { kind, of }: ReadChannel,
    glob: string | undefined,
  ): Arrival | undefined {
    if (kind === 'event' && glob !== undefined && !this.#events.counts(of, glob)) return undefined;
    const source: RedisSource = { channel, deliveryCount: 1 };
    const { maxBody } = this;
    return { pattern: of, source, kinds: kind === 'event' ? kindsOn.events : kindsOn.requests, maxBody };
  }
}

function nobody(pattern: string): RpcException {
  return new RpcException(`Nobody serves "${pattern}"`, { code: RpcCode.Unavailable });
}
