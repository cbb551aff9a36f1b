import { within } from '@parley/core/transport';

/** 20, 40, 80 … 500 ms, with jitter: the wait before trying again what a broker's absence made fail. */
export function backoffDelay(attempt: number): number {
  return Math.min(20 * 2 ** Math.min(attempt, 10), 500) * (0.8 + Math.random() * 0.4);
}

/** Waits that end at once when they are told to; they then leave no timer behind. */
export class Pause {
  readonly #ends = new Set<() => void>();
  #over = false;

  async wait(milliseconds: number): Promise<void> {
    if (this.#over) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#ends.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.#ends.add(end);
    });
  }

  /** Those that wait now. */
  cutShort(): void {
    for (const end of [...this.#ends]) end();
  }

  /** Those that wait now, and all later ones. */
  end(): void {
    this.#over = true;
    this.cutShort();
  }
}

/** Resolves with `true` when `work` has settled, with `false` after `milliseconds`. Never rejects; leaves no timer. */
export function settled(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return within(milliseconds, Promise.allSettled([work]));
}
