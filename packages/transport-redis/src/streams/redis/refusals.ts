import { isReplyError } from '../../redis-error.ts';

/** Says once what Redis refuses, or cannot do: most of what streams need is tried again and again. */
export class Refusals {
  readonly #warn: (what: string, detail?: unknown) => void;
  readonly #told = new Set<string>();

  constructor(warn: (what: string, detail?: unknown) => void) {
    this.#warn = warn;
  }

  /** Of a command that failed: what Redis itself has refused. That a connection is lost others tell. */
  refused(what: string, error: unknown): void {
    if (isReplyError(error)) this.tell(what, error);
  }

  tell(what: string, error: unknown): void {
    // The same code for the same thing: what else is in the message may differ each time.
    const [code] = String(error).split(' ', 2).slice(-1);
    const key = `${what} ${code}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#warn(`redis: ${what}; trying again`, error);
  }

  /** Connected anew: it may be another Redis. */
  forget(): void {
    this.#told.clear();
  }
}
