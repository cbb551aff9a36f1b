import { packParcel } from '../wire/parcel.ts';
import type { Outlet } from './outlet.ts';
import type { Carrier, Confirmed, Outgoing } from './publisher.ts';
import { unsent } from './unsent.ts';

/** UTF-16 units in a parcel, at most: of large messages the command is the least, and a parcel is handled in one go. */
const most = 65_536;

export interface ParcelsOptions {
  /** Whether messages keep their order also if they are for different channels. Then only neighbours share a parcel. */
  readonly inOrder: boolean;
}

/**
 * What a tick of the event loop publishes on one channel leaves as one message: a PUBLISH costs several times what a small message
 * does, at both ends and in Redis. One that is alone stays as it is.
 */
export class Parcels implements Carrier {
  readonly #outlet: Outlet;
  readonly #inOrder: boolean;
  /** Of this tick, in the order in which they were begun. */
  #parcels: Parcel[] = [];
  /** Those that something may be added to, by channel. */
  #open = new Map<string, Parcel>();
  /** The last that something was added to. */
  #last: Parcel | undefined;
  readonly #flush = (): void => this.flush();

  constructor(outlet: Outlet, { inOrder }: ParcelsOptions) {
    this.#outlet = outlet;
    this.#inOrder = inOrder;
  }

  get isOpen(): boolean {
    return this.#outlet.isOpen;
  }

  carry(outgoing: Outgoing, confirmed: Confirmed): void {
    if (this.#parcels.length === 0) process.nextTick(this.#flush);
    const { channel } = outgoing;
    let parcel = this.#last?.channel === channel ? this.#last : this.#inOrder ? undefined : this.#open.get(channel);
    if (parcel === undefined || parcel.length + outgoing.message.length > most) {
      parcel = new Parcel(channel, confirmed);
      this.#parcels.push(parcel);
      if (!this.#inOrder) this.#open.set(channel, parcel);
    }
    parcel.add(outgoing);
    this.#last = parcel;
  }

  flush(): void {
    const parcels = this.#parcels;
    this.#parcels = [];
    // To clear it would leave its table behind, which keeps all that it had, and leads to the next one: once one of them is old,
    // all outlive every scavenge (13 ms instead of 1.6, half of the CPU [measured]).
    if (this.#open.size > 0) this.#open = new Map();
    this.#last = undefined;
    for (const parcel of parcels) {
      // It may have closed since.
      if (this.#outlet.isOpen) this.#outlet.publish(parcel.channel, parcel.message, parcel.called);
      else parcel.called(unsent);
    }
  }
}

class Parcel {
  readonly channel: string;
  /** Of all messages together, in UTF-16 units. */
  length = 0;
  readonly #outgoing: Outgoing[] = [];
  readonly #confirmed: Confirmed;
  /** What becomes of one becomes of all. */
  readonly called = (error?: Error | null, reply?: unknown): void => {
    const receivers = error ? undefined : Number(reply);
    for (const outgoing of this.#outgoing) this.#confirmed(outgoing, error ?? undefined, receivers);
  };

  constructor(channel: string, confirmed: Confirmed) {
    this.channel = channel;
    this.#confirmed = confirmed;
  }

  add(outgoing: Outgoing): void {
    this.#outgoing.push(outgoing);
    this.length += outgoing.message.length;
  }

  get message(): string | Buffer {
    const [first] = this.#outgoing;
    if (first !== undefined && this.#outgoing.length === 1) return first.message;
    return packParcel(this.#outgoing.map(({ message }) => message));
  }
}
