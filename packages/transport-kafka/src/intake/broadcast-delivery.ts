import type { DeadReason, Delivery, Event } from '@parley/core/transport';
import type { Waiting } from './waiting-line.ts';

/** Who is told what became of an event that every instance gets. */
export interface BroadcastKeeper {
  settled(delivery: BroadcastDelivery): void;
  failed(delivery: BroadcastDelivery, why: DeadReason): void;
}

/**
 * An event that every instance gets by itself. Kafka does not know who has had it, so there is nothing to commit: that it is
 * tried again in this process, in its key's order, is all that can be done for it.
 */
export class BroadcastDelivery implements Delivery, Waiting {
  readonly attempt = undefined;
  readonly event: Event;
  readonly lane: string | undefined;
  /** In bytes, about. */
  readonly size: number;
  /** For logs: topic, partition and offset. */
  readonly place: string;
  /** See {@link WaitingLine}. */
  arrival = 0;
  readonly #keeper: BroadcastKeeper;
  #isOver = false;

  constructor(event: Event, place: string, lane: string | undefined, keeper: BroadcastKeeper) {
    this.event = event;
    this.place = place;
    this.lane = lane;
    this.size = 256 + (event.body?.length ?? 0);
    this.#keeper = keeper;
  }

  done(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#keeper.settled(this);
  }

  doneFirst(): Promise<boolean> {
    this.done();
    return Promise.resolve(true);
  }

  isOurs(): Promise<boolean> {
    return Promise.resolve(true);
  }

  dead(why: DeadReason): Promise<void> {
    this.#keeper.failed(this, why);
    this.done();
    return Promise.resolve();
  }
}
