import type { TopicPartitionOffset } from '../driver/index.ts';
import type { KafkaDelivery } from './kafka-delivery.ts';

/** What is settled before it is handled, and waits for its commit. No I/O, no timers. */
export class Confirmations {
  readonly #waiting = new Map<KafkaDelivery, (isSettled: boolean) => void>();

  /** Resolves with how it ended. */
  add(delivery: KafkaDelivery): Promise<boolean> {
    return new Promise((resolve) => this.#waiting.set(delivery, resolve));
  }

  get all(): readonly KafkaDelivery[] {
    return [...this.#waiting.keys()];
  }

  /** Those that are before the offset of their partition. */
  within(offsets: readonly TopicPartitionOffset[]): readonly KafkaDelivery[] {
    if (this.#waiting.size === 0) return [];
    return this.all.filter((delivery) =>
      offsets.some(
        ({ topic, partition, offset }) =>
          delivery.topic === topic && delivery.partition === partition && delivery.offset < Number(offset),
      ),
    );
  }

  /** Does nothing for one that does not wait. */
  end(delivery: KafkaDelivery, isSettled: boolean): void {
    this.#waiting.get(delivery)?.(isSettled);
    this.#waiting.delete(delivery);
  }
}
