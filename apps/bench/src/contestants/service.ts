import { clock } from '../measure/clock.ts';

/** What is sent: 21 bytes of JSON when `t` has 3 characters and `n` 5 digits. */
export interface Message {
  readonly n: number;
  readonly t: string;
}

/** What every contestant serves. Nothing in it costs anything worth the name: what is measured is the way to it. */
export class Service {
  #held: PromiseWithResolvers<void> | undefined;
  #holding = 0;
  #ticks = 0;
  #sum = 0;
  #expected = Number.POSITIVE_INFINITY;
  #handled: PromiseWithResolvers<Ticks> | undefined;

  echo(message: Message): Message {
    return message;
  }

  /** Answers after the next `release`. */
  hold(message: Message): Promise<Message> {
    this.#held ??= Promise.withResolvers<void>();
    this.#holding += 1;
    return this.#held.promise.then(() => message);
  }

  *numbers(count: number): Generator<Message, void> {
    for (let n = 0; n < count; n += 1) yield { n, t: 'abc' };
  }

  tick(message: Message): void {
    this.#sum += message.n;
    this.#ticks += 1;
    if (this.#ticks === this.#expected) this.#done();
  }

  /** How many calls of `hold` wait. */
  get holding(): number {
    return this.#holding;
  }

  release(): void {
    this.#holding = 0;
    this.#held?.resolve();
    this.#held = undefined;
  }

  /** How many ticks there were. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Resolves when so many ticks have been handled; counting begins anew then. One at a time. */
  handled(count: number): Promise<Ticks> {
    this.#handled = Promise.withResolvers<Ticks>();
    this.#expected = count;
    const { promise } = this.#handled;
    if (this.#ticks >= count) this.#done();
    return promise;
  }

  #done(): void {
    this.#handled?.resolve({ count: this.#ticks, sum: this.#sum, at: clock() });
    this.#handled = undefined;
    this.#expected = Number.POSITIVE_INFINITY;
    this.#ticks = 0;
    this.#sum = 0;
  }
}

export interface Ticks {
  readonly count: number;
  /** Of their `n`. */
  readonly sum: number;
  /** When the last one was handled, by {@link clock}. */
  readonly at: number;
}
