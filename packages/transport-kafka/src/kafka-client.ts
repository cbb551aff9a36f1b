import { setTimeout as sleep } from 'node:timers/promises';
import {
  BaseClient,
  backoffDelay,
  type Class,
  type Hub,
  type Routes,
  RpcCode,
  RpcException,
} from '@parley/core/transport';
import { Subscriptions } from './intake/subscriptions.ts';
import type { ResolvedKafkaOptions } from './kafka-options.ts';
import { Station } from './link/station.ts';
import { unwrapDriver } from './unwrap-driver.ts';

/** Between tries to reach a broker. */
const connectBackoff = { initial: 100, max: 2000 };

/** The client side: an inbox, and the ways out. Whom it reaches, it does not know. */
export class KafkaClient extends BaseClient {
  readonly #options: ResolvedKafkaOptions;
  readonly #closing = new AbortController();
  #station: Station | undefined;
  #subscriptions: Subscriptions | undefined;

  constructor(options: ResolvedKafkaOptions) {
    super();
    this.#options = options;
  }

  /**
   * Resolves when an answer to what is sent now would be heard. While no broker answers it tries for ever, and says so through
   * `hub.unreachable`. Rejects with 401, 403 or 400 for what trying again cannot heal, with 503 when it is closed meanwhile.
   */
  async connect(hub: Hub): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) throw closed();
    const station = new Station(this.#options, hub);
    this.#station = station;
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (!station.isOpen) await station.open();
        if (signal.aborted) throw closed();
        await this.#serve(station, hub.routes);
        return;
      } catch (thrown) {
        const reason = RpcException.from(thrown);
        if (signal.aborted) throw closed();
        if (reason.code !== RpcCode.Unavailable && reason.code !== RpcCode.ConnectionLost) throw reason;
        hub.unreachable(reason);
      }
      await sleep(backoffDelay(connectBackoff, attempt), undefined, { signal }).catch(() => undefined);
    }
  }

  async close(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    this.#closing.abort();
    await this.#subscriptions?.close(0.7 * timeout);
    await this.#station?.close(Math.max(0, deadline - performance.now()));
  }

  /** kafkajs's `Kafka`, and `KafkaProducer` and `KafkaAdmin`, with the option `serve` also `KafkaConsumer`. @throws TypeError for any other class. */
  unwrap<T>(type: Class<T>): T {
    return unwrapDriver(this.#station?.driver, type);
  }

  /** With the option `serve` there are handlers: the client is a member of its group as any server. */
  async #serve(station: Station, routes: Routes): Promise<void> {
    const { events, wildcards } = routes.broadcast;
    const all = [routes.messages, routes.events, routes.wildcards, events, wildcards];
    if (all.every((patterns) => patterns.length === 0)) return;
    await this.#subscriptions?.close(0);
    this.#subscriptions = new Subscriptions(station, this.#options, routes);
    await this.#subscriptions.start();
  }
}

function closed(): RpcException {
  return new RpcException('The Kafka client was closed', { code: RpcCode.Unavailable });
}
