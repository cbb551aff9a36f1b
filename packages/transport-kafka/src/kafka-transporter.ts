import { BaseTransporter, type Class, type Hub, RpcCode, RpcException } from '@parley/core/transport';
import { BroadcastSubscription } from './intake/broadcast-subscription.ts';
import { EventSubscription } from './intake/event-subscription.ts';
import { EventTopics } from './intake/event-topics.ts';
import { RequestSubscription } from './intake/request-subscription.ts';
import type { ResolvedKafkaOptions } from './kafka-options.ts';
import { ClockSetter } from './link/clock-setter.ts';
import { Repeating } from './link/repeating.ts';
import { Station } from './link/station.ts';
import { unwrapDriver } from './unwrap-driver.ts';

/** The server side: an instance of a group. */
export class KafkaTransporter extends BaseTransporter {
  readonly #options: ResolvedKafkaOptions;
  #station: Station | undefined;
  #requests: RequestSubscription | undefined;
  #events: EventSubscription | undefined;
  #broadcast: BroadcastSubscription | undefined;
  #discovering: Repeating | undefined;
  #clock: ClockSetter | undefined;
  #isClosed = false;

  constructor(options: ResolvedKafkaOptions) {
    super();
    this.#options = options;
  }

  /**
   * Resolves when the instance has joined its group. Rejects with 503 when no broker answers, 401 for wrong credentials, 403
   * where they do not suffice, and 400 for a topic that is missing or cannot be made.
   */
  async listen(hub: Hub): Promise<void> {
    const group = this.#group();
    const { names } = this.#options;
    const { routes } = hub;
    const shared = new EventTopics(names, routes);
    const broadcast = new EventTopics(names, routes.broadcast);
    const station = new Station(this.#options, hub);
    this.#station = station;
    await station.open();
    this.#checkOpen();
    if (routes.messages.length > 0) {
      this.#requests = new RequestSubscription(station, this.#options, group, routes.messages);
      this.#clock = new ClockSetter(station);
      this.#clock.start();
    }
    const audience = broadcast.isEmpty ? undefined : 'group';
    if (!shared.isEmpty) this.#events = new EventSubscription(station, this.#options, group, shared, audience);
    if (!broadcast.isEmpty) this.#broadcast = new BroadcastSubscription(station, broadcast);
    await Promise.all([this.#requests?.start(), this.#events?.start(), this.#broadcast?.start()]);
    this.#checkOpen();
    if (shared.hasWildcards || !broadcast.isEmpty) this.#discover(station);
  }

  /** Takes nothing new. The instance stays in its groups while what it has ends, so that nobody else handles that, too. */
  async pause(): Promise<void> {
    this.#discovering?.stop();
    this.#requests?.stop();
    this.#events?.stop();
    await this.#broadcast?.close(1000);
  }

  /** Commits what is done, leaves the groups, and disconnects. */
  async close(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    this.#isClosed = true;
    this.#discovering?.stop();
    this.#clock?.stop();
    // Leaving must not take what the last answers need.
    const leaving = timeout * 0.7;
    await Promise.all([this.#requests?.close(leaving), this.#events?.close(leaving), this.#broadcast?.close(leaving)]);
    await this.#station?.close(Math.max(0, deadline - performance.now()));
  }

  /** kafkajs's `Kafka`, and {@link KafkaProducer}, {@link KafkaConsumer}, {@link KafkaAdmin}. @throws TypeError for any other class. */
  unwrap<T>(type: Class<T>): T {
    return unwrapDriver(this.#station?.driver, type);
  }

  #discover(station: Station): void {
    this.#discovering = new Repeating(this.#options.discoverInterval, async () => {
      try {
        await Promise.all([this.#events?.discover(), this.#broadcast?.discover()]);
      } catch (reason) {
        station.warn('could not look for new topics; looking again', reason);
      }
    });
  }

  #group(): string {
    if (this.#options.group !== undefined) return this.#options.group;
    throw new RpcException('kafka: the option "group" is required to listen: the name of the service', {
      code: RpcCode.BadRequest,
    });
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new RpcException('The Kafka transporter was closed', { code: RpcCode.Unavailable });
  }
}
