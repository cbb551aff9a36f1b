import type { Commands } from './script.ts';
import { timeScript } from './scripts.ts';

interface Sample {
  /** What to add to `performance.now()`. */
  readonly offset: number;
  readonly roundTrip: number;
}

/** So many samples are compared: clocks drift, and Redis's may be set. */
const maxSamples = 8;

/**
 * The clock of the Redis that has a stream, as far as it can be known from here: the ids of entries are its times, and no
 * two machines' clocks are compared. The quickest of the latest samples tells it best.
 */
export class ServerClock {
  readonly #redis: () => Commands;
  readonly #key: string;
  #samples: Sample[] = [];
  #offset: number | undefined;

  /** @param key of the node of a cluster */
  constructor(redis: () => Commands, key: string) {
    this.#redis = redis;
    this.#key = key;
  }

  /** Milliseconds since 1970; `undefined` before the first sample. */
  now(): number | undefined {
    return this.#offset === undefined ? undefined : performance.now() + this.#offset;
  }

  /** Milliseconds since Redis gave out this id; 0 while that is not known. */
  since(id: string): number {
    const now = this.now();
    const then = Number(id.slice(0, id.indexOf('-')));
    return now === undefined || !(then <= now) ? 0 : now - then;
  }

  /** Rejects as the command does. */
  async sample(): Promise<void> {
    const asked = performance.now();
    const reply = (await timeScript.run(this.#redis(), [this.#key], [])) as [seconds: Buffer, microseconds: Buffer];
    const answered = performance.now();
    const serverTime = Number(reply[0].toString()) * 1000 + Number(reply[1].toString()) / 1000;
    this.#samples.push({ offset: serverTime - (asked + answered) / 2, roundTrip: answered - asked });
    if (this.#samples.length > maxSamples) this.#samples.shift();
    this.#offset = this.#samples.reduce((best, next) => (next.roundTrip <= best.roundTrip ? next : best)).offset;
  }

  /** It may be another machine now. */
  forget(): void {
    this.#samples = [];
  }
}
