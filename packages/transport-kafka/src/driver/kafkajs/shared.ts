import type { AcknowledgedClock } from './clock.ts';
import type { KafkaJsOptions } from './connection/kafkajs-options.ts';

/** What the parts of one driver have in common. */
export interface Shared {
  readonly options: KafkaJsOptions;
  readonly clock: AcknowledgedClock;
  /** This part of the driver is closed. */
  gone(part: { close(timeout: number): Promise<void> }): void;
  /** The brokers do not know this topic: ask them again before it is taken to exist. */
  missing(topic: string): void;
  /** Told at most once for each `what`. */
  warnOnce(what: string, detail?: unknown): void;
}
