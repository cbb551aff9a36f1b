/** Where the library tells what no call can be told. pino, winston and `console` fit. */
export interface Logger {
  debug(message: string, detail?: unknown): void;
  info(message: string, detail?: unknown): void;
  warn(message: string, detail?: unknown): void;
  error(message: string, detail?: unknown): void;
}

export const loggerRule = 'must have the methods debug, info, warn and error';

export function isLogger(logger: unknown): logger is Logger {
  if (typeof logger !== 'object' || logger === null) return false;
  const methods = logger as Record<string, unknown>;
  return ['debug', 'info', 'warn', 'error'].every((name) => typeof methods[name] === 'function');
}

/** Warnings and errors to the console, the rest nowhere. */
export const consoleLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message, detail) => console.warn(...line(message, detail)),
  error: (message, detail) => console.error(...line(message, detail)),
};

function line(message: string, detail: unknown): unknown[] {
  return detail === undefined ? [`[parley] ${message}`] : [`[parley] ${message}`, detail];
}

/** How long the same text is not logged again, in milliseconds. */
const quietTime = 10_000;
/** Warnings in that time, whatever they say: a peer can make each one different. */
const maxWarnings = 100;

/**
 * Warns, but of the same thing only once in 10 s, and of 100 things at most, and then says how much was held back: a
 * peer that misbehaves must not be able to fill a disk. A logger that throws harms nobody.
 */
export class WarningLog {
  readonly #logger: Logger;
  readonly #prefix: string;
  /** Texts of the present 10 s, with how often each was held back. */
  readonly #heldBack = new Map<string, number>();
  #others = 0;
  #until = Number.NEGATIVE_INFINITY;

  constructor(logger: Logger, prefix: string) {
    this.#logger = logger;
    this.#prefix = prefix;
  }

  warn(text: string, detail?: unknown): void {
    const now = performance.now();
    if (now >= this.#until) this.#begin(now);
    const times = this.#heldBack.get(text);
    if (times !== undefined) {
      this.#heldBack.set(text, times + 1);
    } else if (this.#heldBack.size < maxWarnings) {
      this.#heldBack.set(text, 0);
      this.#write('warn', text, detail);
    } else {
      this.#others += 1;
    }
  }

  /** What is never held back: failures of the application's own handlers. */
  error(text: string, detail?: unknown): void {
    this.#write('error', text, detail);
  }

  /** A new 10 s begin: what was held back in the old ones is told. */
  #begin(now: number): void {
    const heldBack = [...this.#heldBack].filter(([, times]) => times > 0);
    const others = this.#others;
    this.#heldBack.clear();
    this.#others = 0;
    this.#until = now + quietTime;
    for (const [other, times] of heldBack) this.#write('warn', `${other} (${times} times more)`, undefined);
    if (others > 0) this.#write('warn', `${others} more warnings were not logged`, undefined);
  }

  #write(level: 'warn' | 'error', text: string, detail: unknown): void {
    try {
      this.#logger[level](`${this.#prefix}: ${text}`, detail);
    } catch {
      // There is nowhere left to tell it.
    }
  }
}
