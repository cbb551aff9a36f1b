import type { DeadReason, Delivery } from '@parley/core/transport';

/**
 * An event that every instance gets by itself. Redis does not know who has had it, so there is nothing to settle: that it is tried
 * again in this process is all that can be done for it.
 */
export class BroadcastDelivery implements Delivery {
  readonly attempt = undefined;
  readonly lane: string | undefined;
  readonly #failed: (why: DeadReason) => void;

  constructor(lane: string | undefined, failed: (why: DeadReason) => void) {
    this.lane = lane;
    this.#failed = failed;
  }

  done(): void {}

  doneFirst(): Promise<boolean> {
    return Promise.resolve(true);
  }

  isOurs(): Promise<boolean> {
    return Promise.resolve(true);
  }

  dead(why: DeadReason): Promise<void> {
    this.#failed(why);
    return Promise.resolve();
  }
}
