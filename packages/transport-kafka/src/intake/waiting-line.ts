import type { Receiver } from '@parley/core/transport';

/** Where those go whose turn it is. */
export type Door = Pick<Receiver, 'room' | 'whenRoom'>;

/** One that can wait. */
export interface Waiting {
  readonly lane: string | undefined;
  /** The line's own note: counts those that came. */
  arrival: number;
}

/**
 * What was fetched and is not with core yet: it waits for room there, and for the one before it in its lane. So what waits
 * behind a slow or failing one takes nobody else's room. Whoever came first gets the room first, however long its lane
 * has kept it: what may only begin when all before it in its partition has begun would else take the room which that waits for.
 */
export class WaitingLine<One extends Waiting> {
  readonly #door: Door;
  readonly #hand: (one: One) => void;
  /** Lanes that core has one of, and who waits behind it. */
  #lanes = new Map<string, One[]>();
  /** Whose turn it is, in the order of arrival, but there is no room. Those before `#next` have gone. */
  #ready: One[] = [];
  #next = 0;
  #arrived = 0;
  #isWatching = false;
  /** While one is handed over, which may be through before that returns, and so may be all who wait behind it. */
  #isHanding = false;

  /** @param hand gives it to core, at once. */
  constructor(door: Door, hand: (one: One) => void) {
    this.#door = door;
    this.#hand = hand;
  }

  add(one: One): void {
    const { lane } = one;
    this.#arrived += 1;
    one.arrival = this.#arrived;
    const behind = lane === undefined ? undefined : this.#lanes.get(lane);
    if (behind !== undefined) {
      behind.push(one);
      return;
    }
    if (lane !== undefined) this.#lanes.set(lane, []);
    this.#turnOf(one);
  }

  /** It has left its lane. */
  next(lane: string | undefined): void {
    if (lane === undefined) return;
    const next = this.#lanes.get(lane)?.shift();
    if (next === undefined) this.#lanes.delete(lane);
    else this.#turnOf(next);
  }

  /** Nobody who waits gets a turn. Lanes that core has one of stay taken. */
  clear(): void {
    const lanes = new Set(this.#ready.slice(this.#next).map(({ lane }) => lane));
    this.#ready = [];
    this.#next = 0;
    for (const [lane, behind] of this.#lanes) {
      if (lanes.has(lane)) this.#lanes.delete(lane);
      else behind.length = 0;
    }
  }

  #turnOf(one: One): void {
    if (this.#isHanding || this.#ready.length > 0 || this.#door.room() === 0) {
      this.#insert(one);
      if (!this.#isHanding) this.#watch();
      return;
    }
    this.#handOver(one);
    if (this.#ready.length > 0) this.#admit();
  }

  #insert(one: One): void {
    let index = this.#ready.length;
    while (index > this.#next && (this.#ready[index - 1] as One).arrival > one.arrival) index -= 1;
    this.#ready.splice(index, 0, one);
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    void this.#door.whenRoom().then(() => {
      this.#isWatching = false;
      this.#admit();
    });
  }

  #admit(): void {
    while (this.#next < this.#ready.length && this.#door.room() > 0) {
      const one = this.#ready[this.#next] as One;
      this.#next += 1;
      this.#handOver(one);
    }
    // Those that have gone are let go of.
    this.#ready = this.#ready.slice(this.#next);
    this.#next = 0;
    if (this.#ready.length > 0) this.#watch();
  }

  /** It may make another one ready, or end everything. */
  #handOver(one: One): void {
    this.#isHanding = true;
    try {
      this.#hand(one);
    } finally {
      this.#isHanding = false;
    }
  }
}
