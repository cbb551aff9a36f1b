import type { BrokerClock, DriverRecord } from '../driver.ts';

/** kafkajs's `TimestampTypes.LOG_APPEND_TIME`. */
const logAppendTime = 1;

/** What kafkajs tells of the batch that a record was in. */
interface Batched {
  readonly batchContext?: { readonly timestampType?: unknown };
}

/** Clocks of ordinary machines run apart by less than this: 100 parts in a million. */
const drift = 1e-4;

/**
 * The brokers' clock, from acknowledgements that tell when the broker appended. That was between sending and hearing of it, so
 * each gives a lower and an upper bound for the difference to our monotonic clock; what all of them allow is narrow.
 */
export class AcknowledgedClock implements BrokerClock {
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;
  #at = 0;

  now(): number | undefined {
    if (this.#high === Number.POSITIVE_INFINITY) return undefined;
    return Math.round(performance.now() + (this.#low + this.#high) / 2);
  }

  get uncertainty(): number {
    return (this.#high - this.#low) / 2 + (performance.now() - this.#at) * drift;
  }

  appendedAt(record: DriverRecord): number | undefined {
    const type = (record as DriverRecord & Batched).batchContext?.timestampType;
    return type === logAppendTime ? Number(record.timestamp) : undefined;
  }

  /** The broker appended at `appended` (its time, whole milliseconds); it was sent and acknowledged at our `performance.now()`. */
  learn(appended: number, sent: number, acknowledged: number): void {
    const widened = (acknowledged - this.#at) * drift;
    const low = appended - acknowledged;
    const high = appended + 1 - sent;
    // Of what contradicts (a clock was set, another broker's is different) the newer is right.
    const fits = low <= this.#high + widened && high >= this.#low - widened;
    this.#low = fits ? Math.max(low, this.#low - widened) : low;
    this.#high = fits ? Math.min(high, this.#high + widened) : high;
    this.#at = acknowledged;
  }
}
