import { BaseTransporter, type Class, type Hub, RpcCode, RpcException } from '@parley/core/transport';
import { Subscriptions } from './intake/subscriptions.ts';
import type { ResolvedKafkaOptions } from './kafka-options.ts';
import { Station } from './link/station.ts';
import { unwrapDriver } from './unwrap-driver.ts';

/** The server side: an instance of a group. */
export class KafkaTransporter extends BaseTransporter {
  readonly #options: ResolvedKafkaOptions;
  #station: Station | undefined;
  #subscriptions: Subscriptions | undefined;
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
    this.#checkOpen();
    const station = new Station(this.#options, hub);
    this.#station = station;
    await station.open();
    this.#checkOpen();
    this.#subscriptions = new Subscriptions(station, this.#options, hub.routes);
    await this.#subscriptions.start();
    this.#checkOpen();
  }

  async pause(): Promise<void> {
    await this.#subscriptions?.stop();
  }

  /** Commits what is done, leaves the groups, sends what waits, and disconnects. */
  async close(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    this.#isClosed = true;
    // Leaving must not take the time that the last answers need.
    await this.#subscriptions?.close(0.7 * timeout);
    await this.#station?.close(Math.max(0, deadline - performance.now()));
  }

  /** kafkajs's `Kafka`, and `KafkaProducer`, `KafkaConsumer`, `KafkaAdmin`. @throws TypeError for any other class. */
  unwrap<T>(type: Class<T>): T {
    return unwrapDriver(this.#station?.driver, type);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new RpcException('The Kafka transporter was closed', { code: RpcCode.Unavailable });
  }
}
