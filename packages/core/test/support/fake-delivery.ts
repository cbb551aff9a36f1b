import type { DeadReason, Delivery } from '../../src/seam/index.ts';

/** A delivery that notes how it was settled. */
export class FakeDelivery implements Delivery {
  readonly attempt: number | undefined;
  readonly lane: string | undefined;
  readonly settled: string[] = [];
  /** What it was buried with. */
  readonly reasons: (DeadReason & { readonly error: unknown })[] = [];
  /** What `doneFirst` is to give. */
  confirmation: Promise<boolean> = Promise.resolve(true);
  /** What `isOurs` is to give. */
  ownership: Promise<boolean> = Promise.resolve(true);
  /** How many times `dead` is to fail first. */
  refusals = 0;

  constructor({ attempt, lane }: { readonly attempt?: number; readonly lane?: string } = {}) {
    this.attempt = attempt;
    this.lane = lane;
  }

  done(): void {
    this.settled.push('done');
  }

  doneFirst(): Promise<boolean> {
    this.settled.push('done first');
    return this.confirmation;
  }

  isOurs(): Promise<boolean> {
    return this.ownership;
  }

  async dead(why: DeadReason): Promise<void> {
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error('The broker is down');
    }
    this.settled.push('dead');
    this.reasons.push({ ...why, error: JSON.parse(String(why.body)) as unknown });
  }
}
