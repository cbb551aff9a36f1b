import type { TopicKind } from '../topics/topic-settings.ts';
import type { Outgoing } from './outgoing.ts';

/** Messages of a flush that go to one partition, so that they are one record batch: what costs most is the number of batches (measured). */
const batchMessages = 64;
/** Kafka limits a record batch as it limits a message. */
const batchBytes = 524_288;

/** What waits to be written to one topic. */
export class TopicQueue {
  readonly topic: string;
  readonly kind: TopicKind;
  /** The topic is there, as far as is known. */
  isReady = false;
  isBeingMade = false;
  /** Some of it is under way, or waits to be tried again. */
  isBusy = false;
  /** Over how many partitions messages may be spread, batch by batch; 0: each message knows its own, or has a key. */
  spread = 0;
  /** Clients that start together do not begin with the same one. */
  #next = Math.floor(Math.random() * 1000);
  #waiting: Outgoing[] = [];

  constructor(topic: string, kind: TopicKind) {
    this.topic = topic;
    this.kind = kind;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  push(message: Outgoing): void {
    this.#waiting.push(message);
  }

  unshift(messages: readonly Outgoing[]): void {
    this.#waiting.unshift(...messages);
  }

  /** The oldest ones, at least one and of at most `bytes`, with their partitions. */
  take(bytes: number): Outgoing[] {
    const now = performance.now();
    let size = 0;
    let count = 0;
    for (const message of this.#waiting) {
      size += message.size;
      if (size > bytes && count > 0) break;
      message.leaves(now);
      count += 1;
    }
    const taken = count === this.#waiting.length ? this.#waiting : this.#waiting.slice(0, count);
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count);
    if (this.spread > 0) this.#assignPartitions(taken);
    return taken;
  }

  takeAll(): Outgoing[] {
    return this.#waiting.splice(0);
  }

  #assignPartitions(messages: readonly Outgoing[]): void {
    let count = 0;
    let bytes = 0;
    this.#turn();
    for (const message of messages) {
      if (count === batchMessages || (bytes + message.size > batchBytes && count > 0)) {
        this.#turn();
        count = 0;
        bytes = 0;
      }
      message.partition = this.#next;
      count += 1;
      bytes += message.size;
    }
  }

  #turn(): void {
    this.#next = (this.#next + 1) % this.spread;
  }
}
