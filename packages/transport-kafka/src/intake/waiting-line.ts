import type { Receiver } from '@parley/core/transport';
import type { KafkaDelivery } from './kafka-delivery.ts';

/**
 * What was fetched and is not with core yet: it waits for room there, and for the one before it in its lane. So what waits
 * behind a slow or failing one takes nobody else's room.
 */
export class WaitingLine {
  readonly #receiver: Receiver;
  readonly #hand: (delivery: KafkaDelivery) => void;
  /** Lanes that core has one of, and who waits behind it. */
  #lanes = new Map<string, KafkaDelivery[]>();
  /** Whose turn it is, in the order of arrival, but there is no room. */
  #ready: KafkaDelivery[] = [];
  #isWatching = false;

  /** @param hand gives it to core, at once. */
  constructor(receiver: Receiver, hand: (delivery: KafkaDelivery) => void) {
    this.#receiver = receiver;
    this.#hand = hand;
  }

  add(delivery: KafkaDelivery): void {
    const { lane } = delivery;
    const behind = lane === undefined ? undefined : this.#lanes.get(lane);
    if (behind !== undefined) {
      behind.push(delivery);
      return;
    }
    if (lane !== undefined) this.#lanes.set(lane, []);
    this.#turnOf(delivery);
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
    const lanes = new Set(this.#ready.map(({ lane }) => lane));
    this.#ready = [];
    for (const [lane, behind] of this.#lanes) {
      if (lanes.has(lane)) this.#lanes.delete(lane);
      else behind.length = 0;
    }
  }

  #turnOf(delivery: KafkaDelivery): void {
    if (this.#ready.length === 0 && this.#receiver.room() > 0) this.#hand(delivery);
    else {
      this.#ready.push(delivery);
      this.#watch();
    }
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    void this.#receiver.whenRoom().then(() => {
      this.#isWatching = false;
      this.#admit();
    });
  }

  #admit(): void {
    const ready = this.#ready;
    let count = 0;
    // Handing one over may settle it at once, and make another one ready.
    this.#ready = [];
    while (count < ready.length && this.#receiver.room() > 0) {
      this.#hand(ready[count] as KafkaDelivery);
      count += 1;
    }
    if (count < ready.length) this.#ready = [...ready.slice(count), ...this.#ready];
    if (this.#ready.length > 0) this.#watch();
  }
}
