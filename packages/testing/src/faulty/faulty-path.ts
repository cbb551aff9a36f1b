import type { Envelope } from '@parley/core/transport';
import type { FaultDice, FaultRule } from './fault-plan.ts';

/** How long a reordered envelope waits for one to go past it by default, in milliseconds. */
const reorderPatience = 20;
/** The default of `delay` and `cut`, in milliseconds. */
const otherwise = 10;

/** One direction of a faulty link: envelopes pass, or what the dice say happens to them. */
export class FaultyPath {
  readonly #at: 'send' | 'receive';
  readonly #dice: FaultDice;
  readonly #cut: (milliseconds: number) => void;
  /** Reordered envelopes that wait for the next one. */
  readonly #held = new Set<() => void>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(at: 'send' | 'receive', dice: FaultDice, cut: (milliseconds: number) => void) {
    this.#at = at;
    this.#dice = dice;
    this.#cut = cut;
  }

  /**
   * @param pass lets the envelope through; called never, once or twice, now or later.
   * @returns what `pass` gave, when it was called at once.
   */
  take<Result>(envelope: Envelope, pass: (copy: 'first' | 'second') => Result): Result | undefined {
    const held = [...this.#held];
    const rule = this.#dice.throwFor(this.#at, envelope);
    const result = rule === undefined ? pass('first') : this.#strike(rule, pass);
    for (const release of held) release();
    return result;
  }

  /** What is still held is lost. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#held.clear();
  }

  #strike<Result>({ fault, milliseconds }: FaultRule, pass: (copy: 'first' | 'second') => Result): Result | undefined {
    switch (fault) {
      case 'lose':
        return undefined;
      case 'double':
        try {
          return pass('first');
        } finally {
          pass('second');
        }
      case 'reorder':
        this.#hold(milliseconds ?? reorderPatience, () => pass('first'));
        return undefined;
      case 'delay':
        this.#later(milliseconds ?? otherwise, () => pass('first'));
        return undefined;
      case 'cut':
        this.#cut(milliseconds ?? otherwise);
        return undefined;
    }
  }

  #hold(patience: number, pass: () => void): void {
    const release = () => {
      if (this.#held.delete(release)) pass();
    };
    this.#held.add(release);
    this.#later(patience, release);
  }

  #later(milliseconds: number, task: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, milliseconds);
    this.#timers.add(timer);
  }
}
