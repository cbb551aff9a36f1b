import type { Membership } from '../group/membership.ts';
import type { RoomBudget } from '../read/room-budget.ts';
import { isNoGroup } from '../redis/script.ts';
import { claimScript, holdScript } from '../redis/scripts.ts';
import type { ConsumedStream } from './consumed-stream.ts';
import type { Renewal } from './doubts.ts';
import type { Holdings } from './holdings.ts';
import type { StreamDelivery } from './stream-delivery.ts';

/** Ids in one call of a script. */
const chunk = 500;
/** Entries that are taken over at once. */
const claimed = 32;

export interface LeasesSetup {
  readonly member: Membership;
  readonly holdings: Holdings;
  readonly budget: RoomBudget;
  readonly streams: () => Iterable<ConsumedStream>;
  /** A stream or its group is not there any more. */
  readonly vanished: () => Promise<void>;
}

/**
 * Renews the leases of what this instance has, three times a lease, and takes over what others have left: what Redis has
 * heard nothing of for a whole lease. (An entry that came to a connection which broke before it could be read is such
 * a one, too.)
 */
export class Leases implements Renewal {
  readonly #setup: LeasesSetup;
  #timer: NodeJS.Timeout | undefined;
  /** By `performance.now()`: when the last round began that has renewed all leases. */
  #confirmed = Number.POSITIVE_INFINITY;
  #renewing: Promise<boolean> | undefined;
  #claiming: Promise<void> | undefined;
  #isPaused = false;
  /** By `performance.now()`: until then others get the chance to renew what they have. */
  #patientUntil = 0;

  constructor(setup: LeasesSetup) {
    this.#setup = setup;
  }

  start(): void {
    const { lease } = this.#setup.member.options;
    this.#confirmed = performance.now();
    this.#timer = setInterval(() => void this.#beat(), lease / 3);
    this.#beginToClaim();
  }

  /** An outage is over, in which nobody could renew anything. */
  resume(): void {
    this.#patientUntil = performance.now() + this.#setup.member.options.lease;
    void this.#beat();
  }

  /** Takes nothing over any more; resolves when what it was taking over is with core. What this instance has it keeps. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#claiming;
  }

  stop(): void {
    this.#isPaused = true;
    clearInterval(this.#timer);
  }

  /** Gives everything back, so that others need not wait for the lease to run out. */
  async release(stream: ConsumedStream): Promise<void> {
    const { redis, group, consumer, options } = this.#setup.member;
    let from = '-';
    for (;;) {
      const pending = (await redis.xpending(stream.key, group, from, '+', chunk, consumer)) as [id: string][];
      const ids = pending.map(([id]) => id);
      if (ids.length > 0) await holdScript.run(redis, [stream.key], [group, consumer, options.lease, ...ids]);
      if (ids.length < chunk) return;
      from = `(${ids.at(-1)}`;
    }
  }

  get isOverdue(): boolean {
    return performance.now() - this.#confirmed > this.#setup.member.options.lease;
  }

  async confirm(): Promise<void> {
    // A round that is under way may have begun long ago. One that fails says that Redis cannot be asked now.
    let hasWorked = true;
    while (hasWorked && this.isOverdue) hasWorked = await this.#renewAll();
  }

  async #beat(): Promise<void> {
    await this.#setup.holdings.acks.flush();
    await this.#renewAll();
    this.#beginToClaim();
  }

  /** @returns whether all leases hold, or are known to be lost. */
  #renewAll(): Promise<boolean> {
    this.#renewing ??= this.#renewEach().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renewEach(): Promise<boolean> {
    const begun = performance.now();
    let haveWorked = true;
    for (const stream of this.#setup.streams()) {
      haveWorked = (await this.#renew(stream).catch((error: unknown) => this.#failed(error))) && haveWorked;
    }
    if (haveWorked) this.#confirmed = begun;
    return haveWorked;
  }

  async #renew(stream: ConsumedStream): Promise<true> {
    const { member, holdings } = this.#setup;
    const { redis, group, consumer } = member;
    const held = stream.open.all.filter(({ state }) => state === 'held');
    for (let from = 0; from < held.length; from += chunk) {
      const ids = held.slice(from, from + chunk).map(({ id }) => id);
      const reply = await holdScript.run(redis, [stream.key], [group, consumer, 0, ...ids]);
      const [taken, gone, trimmed] = reply as [taken: Buffer[], gone: Buffer[], trimmed: Buffer[]];
      for (const delivery of openOf(stream, taken)) holdings.lose(delivery, true);
      for (const delivery of openOf(stream, gone)) holdings.lose(delivery, false);
      for (const delivery of openOf(stream, trimmed)) delivery.state = 'trimmed';
    }
    return true;
  }

  #beginToClaim(): void {
    this.#claiming ??= this.#claimAll().finally(() => {
      this.#claiming = undefined;
    });
  }

  async #claimAll(): Promise<void> {
    for (const stream of this.#setup.streams()) {
      let mayBeMore = true;
      while (mayBeMore && this.#mayClaim) {
        mayBeMore = await this.#claim(stream).catch((error: unknown) => this.#failed(error));
      }
    }
  }

  get #mayClaim(): boolean {
    return !this.#isPaused && performance.now() >= this.#patientUntil;
  }

  /** @returns whether there may be more. */
  async #claim(stream: ConsumedStream): Promise<boolean> {
    const { member, holdings, budget } = this.#setup;
    const room = await budget.take(claimed);
    try {
      if (room === 0 || !this.#mayClaim) return false;
      const { redis, group, consumer, options } = member;
      const rows = await claimScript.run(redis, [stream.key], [group, consumer, options.lease, room]);
      for (const [id, attempt, fields] of rows as [id: Buffer, attempt: number, fields: Buffer[]][]) {
        holdings.accept(stream, id.toString(), fields, attempt);
      }
      return (rows as unknown[]).length === room;
    } finally {
      budget.give(room);
    }
  }

  /** The next beat tries again. */
  async #failed(error: unknown): Promise<false> {
    if (isNoGroup(error)) await this.#setup.vanished();
    else this.#setup.member.refused('leases cannot be renewed or taken over', error);
    return false;
  }
}

/** Those that core has not settled meanwhile. */
function openOf(stream: ConsumedStream, ids: readonly Buffer[]): StreamDelivery[] {
  return ids.flatMap((id) => stream.find(id.toString()) ?? []);
}
