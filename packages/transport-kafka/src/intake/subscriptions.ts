import { type Routes, RpcCode, RpcException } from '@parley/core/transport';
import type { ResolvedKafkaOptions } from '../kafka-options.ts';
import { ClockSetter } from '../link/clock-setter.ts';
import { Repeating } from '../link/repeating.ts';
import type { Station } from '../link/station.ts';
import { BroadcastSubscription } from './broadcast-subscription.ts';
import { EventSubscription } from './event-subscription.ts';
import { EventTopics } from './event-topics.ts';
import { RequestSubscription } from './request-subscription.ts';

/** All that an instance reads for its handlers. */
export class Subscriptions {
  readonly #station: Station;
  readonly #interval: number;
  readonly #requests: RequestSubscription | undefined;
  readonly #events: EventSubscription | undefined;
  readonly #broadcast: BroadcastSubscription | undefined;
  readonly #clock: ClockSetter | undefined;
  readonly #hasDiscoveries: boolean;
  #discovering: Repeating | undefined;
  #isStopped = false;

  /** @throws RpcException 400 without a group, and when the name of a topic is too long. */
  constructor(station: Station, options: ResolvedKafkaOptions, routes: Routes) {
    const { names, discoverInterval } = options;
    const shared = new EventTopics(names, routes);
    const broadcast = new EventTopics(names, routes.broadcast);
    this.#station = station;
    this.#interval = discoverInterval;
    this.#hasDiscoveries = shared.hasWildcards || !broadcast.isEmpty;
    if (routes.messages.length > 0) {
      this.#requests = new RequestSubscription(station, options, groupOf(options), routes.messages);
      this.#clock = new ClockSetter(station);
    }
    if (!shared.isEmpty) {
      const audience = broadcast.isEmpty ? undefined : 'group';
      this.#events = new EventSubscription(station, options, groupOf(options), shared, audience);
    }
    if (!broadcast.isEmpty) this.#broadcast = new BroadcastSubscription(station, broadcast, options.prefetch);
  }

  /** Resolves when what is sent from now on will come. */
  async start(): Promise<void> {
    this.#clock?.start();
    await Promise.all([this.#requests?.start(), this.#events?.start(), this.#broadcast?.start()]);
    if (this.#hasDiscoveries && !this.#isStopped) {
      this.#discovering = new Repeating(this.#interval, () => this.#discover());
    }
  }

  /** Nothing new goes to core. The instance stays in its groups while what it has ends, so that nobody else handles that, too. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#discovering?.stop();
    this.#requests?.stop();
    this.#events?.stop();
    await this.#broadcast?.close(1000);
  }

  /** Commits what is done, and leaves the groups, within `timeout` ms. */
  async close(timeout: number): Promise<void> {
    this.#isStopped = true;
    this.#discovering?.stop();
    this.#clock?.stop();
    const all = [this.#requests, this.#events, this.#broadcast].filter((one) => one !== undefined);
    await Promise.all(all.map((subscription) => subscription.close(timeout)));
  }

  async #discover(): Promise<void> {
    try {
      await Promise.all([this.#events?.discover(), this.#broadcast?.discover()]);
    } catch (reason) {
      if (!this.#isStopped) this.#station.warn('could not look for new topics; looking again', reason);
    }
  }
}

function groupOf({ group }: ResolvedKafkaOptions): string {
  if (group !== undefined) return group;
  throw new RpcException('kafka: the option "group" is required to listen: the name of the service', {
    code: RpcCode.BadRequest,
  });
}
