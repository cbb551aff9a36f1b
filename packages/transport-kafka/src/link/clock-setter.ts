import { Outgoing } from '../post/outgoing.ts';
import { Repeating } from './repeating.ts';
import type { Station } from './station.ts';

/** A minute is soon enough to follow a clock. */
const interval = 60_000;

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
    this.#ask();
    this.#repeating = new Repeating(interval, () => Promise.resolve(this.#ask()));
  }

  stop(): void {
    this.#repeating?.stop();
  }

  #ask(): void {
    const { topic, partition } = this.#station.inboxAddress;
    const { answers } = this.#station.posts;
    void answers.add(
      answers.queue(topic, 'replies'),
      new Outgoing({ value: null, headers: {} }, { partition, key: 'clock' }),
    );
  }
}
