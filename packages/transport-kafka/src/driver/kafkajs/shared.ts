import type { AcknowledgedClock } from './clock.ts';
import type { KafkaJsOptions } from './kafkajs-options.ts';

/** What the parts of one driver have in common. */
export interface Shared {
  readonly options: KafkaJsOptions;
  readonly clock: AcknowledgedClock;
  /** The brokers do not know this topic: ask them again before it is taken to exist. */
  missing(topic: string): void;
  /** Told at most once for each `what`. */
  warnOnce(what: string, detail?: unknown): void;
}
