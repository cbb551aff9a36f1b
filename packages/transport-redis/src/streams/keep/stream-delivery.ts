import type { CallId, DeadReason, Delivery } from '@parley/core/transport';
import type { ConsumedStream } from './consumed-stream.ts';

/** What becomes of deliveries. */
export interface Settling {
  settle(delivery: StreamDelivery): void;
  settleFirst(delivery: StreamDelivery): Promise<boolean>;
  isOurs(delivery: StreamDelivery): Promise<boolean>;
  bury(delivery: StreamDelivery, why: DeadReason): Promise<void>;
}

/**
 * An entry that this instance has for its group. `trimmed`: it is in no stream any more, so nobody else can get it. `lost`:
 * its lease ran out, and somebody else has it, or had it.
 */
export class StreamDelivery implements Delivery {
  readonly stream: ConsumedStream;
  readonly id: string;
  readonly fields: readonly Buffer[];
  readonly attempt: number;
  lane: string | undefined;
  /** Of a request. */
  callId: CallId | undefined;
  /** Handled, while it is in doubt whose it is. */
  isDone = false;
  state: 'held' | 'trimmed' | 'lost' = 'held';
  /** Among those that core has; it is the `Bag`'s. */
  place = -1;
  readonly #settling: Settling;

  constructor(settling: Settling, stream: ConsumedStream, id: string, fields: readonly Buffer[], attempt: number) {
    this.#settling = settling;
    this.stream = stream;
    this.id = id;
    this.fields = fields;
    this.attempt = attempt;
  }

  done(): void {
    this.#settling.settle(this);
  }

  doneFirst(): Promise<boolean> {
    return this.#settling.settleFirst(this);
  }

  isOurs(): Promise<boolean> {
    return this.#settling.isOurs(this);
  }

  dead(why: DeadReason): Promise<void> {
    return this.#settling.bury(this, why);
  }
}
