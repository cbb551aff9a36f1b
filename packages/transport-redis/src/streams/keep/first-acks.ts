import type { Membership } from '../group/membership.ts';
import { settleScript } from '../redis/scripts.ts';
import type { ConsumedStream } from './consumed-stream.ts';
import type { StreamDelivery } from './stream-delivery.ts';

/** Entries in one call of the script. */
const most = 500;

interface Waiting {
  readonly delivery: StreamDelivery;
  readonly resolve: (isSettled: boolean) => void;
}

/**
 * Acknowledges what may be handled only when Redis has confirmed that: one call for each stream and turn of the event loop. What
 * is not confirmed is not asked again: its lease runs out, and whoever gets it then asks.
 */
export class FirstAcks {
  readonly #member: Membership;
  #waiting = new Map<ConsumedStream, Waiting[]>();

  constructor(member: Membership) {
    this.#member = member;
  }

  /** Resolves with whether nobody can get it any more. Never rejects. */
  add(delivery: StreamDelivery): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#waiting.size === 0) setImmediate(() => this.#flush());
      const some = this.#waiting.get(delivery.stream);
      if (some === undefined) this.#waiting.set(delivery.stream, [{ delivery, resolve }]);
      else some.push({ delivery, resolve });
    });
  }

  #flush(): void {
    const streams = this.#waiting;
    this.#waiting = new Map();
    for (const [stream, all] of streams) {
      for (let from = 0; from < all.length; from += most) void this.#settle(stream, all.slice(from, from + most));
    }
  }

  async #settle({ key }: ConsumedStream, some: readonly Waiting[]): Promise<void> {
    const { redis, group, consumer, refused } = this.#member;
    const entries = some.flatMap(({ delivery: { id, state } }) => [id, state === 'trimmed' ? 1 : 0]);
    let settled: ReadonlySet<string> = new Set();
    try {
      const ids = (await settleScript.run(redis, [key], [group, consumer, ...entries])) as Buffer[];
      settled = new Set(ids.map(String));
    } catch (error) {
      refused('what must not be handled twice cannot be acknowledged', error);
    }
    for (const { delivery, resolve } of some) resolve(settled.has(delivery.id));
  }
}
