import type { CallId } from '../envelope/index.ts';
import { missedLeases } from '../seam/index.ts';
import type { CallTable } from './call-table.ts';
import { DeadlineTimer } from './deadline-timer.ts';

/** A call as its watch sees it; either side's. Times are by `performance.now()`. */
export interface WatchedCall {
  readonly id: CallId;
  /** `Infinity`: none. */
  readonly deadline: number;
  /** When the other side gave its last sign of life; `undefined` while the call is no stream under lease. */
  heardAt: number | undefined;
}

/** What a watch tells of its calls; each may end the call. */
export interface WatchEvents<Call> {
  expired(call: Call): void;
  /** It is time for a sign of life to the other side. */
  renew(call: Call): void;
  /** The other side has missed three signs of life. */
  silent(call: Call, milliseconds: number): void;
}

/** Watches the deadlines and leases of the calls of a table, with one timer for each of the two. */
export class CallWatch<Call extends WatchedCall> {
  readonly #calls: CallTable<Call>;
  readonly #leaseInterval: number;
  readonly #events: WatchEvents<Call>;
  readonly #deadlines = new DeadlineTimer((now) => this.#sweepDeadlines(now));
  readonly #leases = new DeadlineTimer((now) => this.#sweepLeases(now));
  /** When the next signs of life are due. */
  #renewAt = 0;

  /** @param leaseInterval milliseconds between two signs of life */
  constructor(calls: CallTable<Call>, leaseInterval: number, events: WatchEvents<Call>) {
    this.#calls = calls;
    this.#leaseInterval = leaseInterval;
    this.#events = events;
  }

  /** To be said after each change of a call's deadline. */
  deadline(deadline: number): void {
    this.#deadlines.add(deadline);
  }

  /** The call is a stream whose sides watch each other from now on. */
  lease(call: Call): void {
    if (call.heardAt !== undefined) return;
    call.heardAt = performance.now();
    this.#leases.add(call.heardAt + this.#leaseInterval);
  }

  /** The other side is there. */
  heard(call: Call): void {
    if (call.heardAt !== undefined) call.heardAt = performance.now();
  }

  clear(): void {
    this.#deadlines.clear();
    this.#leases.clear();
  }

  #sweepDeadlines(now: number): number {
    let soonest = Number.POSITIVE_INFINITY;
    const expired: Call[] = [];
    this.#calls.forEach((call) => {
      if (call.deadline <= now) expired.push(call);
      else if (call.deadline < soonest) soonest = call.deadline;
    });
    for (const call of expired) this.#events.expired(call);
    return soonest;
  }

  #sweepLeases(now: number): number {
    const leased: Call[] = [];
    this.#calls.forEach((call) => {
      if (call.heardAt !== undefined) leased.push(call);
    });
    const isTimeToRenew = now >= this.#renewAt;
    if (isTimeToRenew) this.#renewAt = now + this.#leaseInterval;
    let soonest = Number.POSITIVE_INFINITY;
    for (const call of leased) {
      const { heardAt = now } = call;
      const end = heardAt + this.#leaseInterval * missedLeases;
      if (end <= now) {
        this.#events.silent(call, Math.round(now - heardAt));
        continue;
      }
      if (isTimeToRenew) this.#events.renew(call);
      // The end of a lease is between two signs of life, as a rule.
      soonest = Math.min(soonest, end, this.#renewAt);
    }
    return soonest;
  }
}
