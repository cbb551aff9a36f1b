import { Outgoing } from '../post/outgoing.ts';
import { Repeating } from './repeating.ts';
import type { Station } from './station.ts';

/** A minute is soon enough to follow a clock. */
const interval = 60_000;
/** Milliseconds by which a deadline may be wrong without anybody noticing. */
const goodEnough = 2;
const maxAsked = 5;

/**
 * A server has to know the brokers' time, to tell how long a request has waited. It learns it from the acknowledgements of its
 * answers; for the first request, and after long silence, it writes a record that nobody reads, to where its own answers go.
 */
export class ClockSetter {
  readonly #station: Station;
  #repeating: Repeating | undefined;

  constructor(station: Station) {
    this.#station = station;
  }

  start(): void {
    void this.#askOften();
    this.#repeating = new Repeating(interval, () => this.#ask());
  }

  stop(): void {
    this.#repeating?.stop();
  }

  /** The first acknowledgement took long, since it had to connect; the quicker they are the more they tell. */
  async #askOften(): Promise<void> {
    const { clock } = this.#station.driver;
    for (let asked = 0; asked < maxAsked && clock.uncertainty > goodEnough; asked += 1) await this.#ask();
  }

  #ask(): Promise<void> {
    const { topic, partition } = this.#station.inboxAddress;
    const { answers } = this.#station.posts;
    return new Promise((resolve) => {
      const record = new Outgoing({ value: null, headers: {} }, { partition, key: 'clock' }, () => resolve());
      void answers.add(answers.queue(topic, 'replies'), record);
    });
  }
}
