import type { Message } from '../contestants/service.ts';
import { Samples } from '../measure/samples.ts';
import type { Outcome } from './case.ts';
import { check } from './message-source.ts';

export type Method = (message: Message) => Promise<Message>;

/** One in so many calls is timed where there are many: reading the clock takes a part of what a call takes. */
const timed = { few: 1, many: 16 };

/** Callers that each make one call after the other; one for each method. Every reply is checked. */
export class Calls {
  readonly #methods: readonly Method[];
  readonly #text: string;
  readonly #samples = new Samples();
  readonly #every: number;
  #next = 10_000;

  /** @param text of each message. */
  constructor(methods: readonly Method[], text: string) {
    this.#methods = methods;
    this.#text = text;
    this.#every = methods.length <= 8 ? timed.few : timed.many;
  }

  async round(seconds: number): Promise<Outcome> {
    const first = this.#next;
    const state = { running: true };
    this.#samples.clear();
    const start = performance.now();
    const timer = setTimeout(() => {
      state.running = false;
    }, seconds * 1000);
    try {
      await Promise.all(this.#methods.map((method) => this.#callAgainAndAgain(method, state)));
    } finally {
      state.running = false;
      clearTimeout(timer);
    }
    const elapsed = (performance.now() - start) / 1000;
    return { operations: this.#next - first, seconds: elapsed, latency: this.#samples.summary() };
  }

  async #callAgainAndAgain(method: Method, state: { readonly running: boolean }): Promise<void> {
    const text = this.#text;
    while (state.running) {
      const n = this.#next++;
      if (n % this.#every === 0) {
        const start = performance.now();
        check(await method({ n, t: text }), n, text);
        this.#samples.add(performance.now() - start);
      } else {
        check(await method({ n, t: text }), n, text);
      }
    }
  }
}
