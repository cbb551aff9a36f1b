/** Where the library tells what no call can be told. pino, winston and `console` fit. */
export interface Logger {
  debug(message: string, detail?: unknown): void;
  info(message: string, detail?: unknown): void;
  warn(message: string, detail?: unknown): void;
  error(message: string, detail?: unknown): void;
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
/** Texts remembered at once. */
const maxTexts = 1000;

/**
 * Warns, but of the same thing only once in 10 s, and then says how often it came: a peer that misbehaves must not
 * be able to fill a disk. A logger that throws harms nobody.
 */
export class WarningLog {
  readonly #logger: Logger;
  readonly #prefix: string;
  readonly #texts = new Map<string, { until: number; suppressed: number }>();

  constructor(logger: Logger, prefix: string) {
    this.#logger = logger;
    this.#prefix = prefix;
  }

  warn(text: string, detail?: unknown): void {
    const now = performance.now();
    const known = this.#texts.get(text);
    if (known !== undefined && now < known.until) {
      known.suppressed += 1;
      return;
    }
    if (this.#texts.size >= maxTexts) this.#texts.clear();
    this.#texts.set(text, { until: now + quietTime, suppressed: 0 });
    const times = known === undefined || known.suppressed === 0 ? '' : ` (and ${known.suppressed} times before)`;
    this.#write('warn', `${text}${times}`, detail);
  }

  /** What is never held back: failures of the application's own handlers. */
  error(text: string, detail: unknown): void {
    this.#write('error', text, detail);
  }

  info(text: string, detail?: unknown): void {
    this.#write('info', text, detail);
  }

  #write(level: 'info' | 'warn' | 'error', text: string, detail: unknown): void {
    try {
      this.#logger[level](`${this.#prefix}: ${text}`, detail);
    } catch {
      // There is nowhere left to tell it.
    }
  }
}
