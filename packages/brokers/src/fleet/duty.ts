import { openSync, writeSync } from 'node:fs';

/** What a process of a fleet is told at its start, as JSON in its first argument. */
export interface Duty {
  readonly name: string;
  /** Where it writes what it did. */
  readonly journal: string;
}

/** A line of a journal: what happened, and to what. */
export type Entry = readonly [what: string, ...details: (string | number)[]];

/** The shape of a logger of @parley/core. */
interface JournalLogger {
  debug(message: string, detail?: unknown): void;
  info(message: string, detail?: unknown): void;
  warn(message: string, detail?: unknown): void;
  error(message: string, detail?: unknown): void;
}

/** What a process works with. */
export interface Work<T extends Duty> {
  readonly duty: T;
  /** Into the journal. The line is with the kernel when it returns, so that SIGKILL takes none back. */
  readonly write: (...entry: Entry) => void;
  /** Warnings and errors go into the journal, as `log`. */
  readonly logger: JournalLogger;
}

/**
 * For the process: its duty and its journal. What would end it, or should have, is written as `unhandled`; and it ends
 * with who started it.
 */
export function takeUp<T extends Duty>(): Work<T> {
  const duty = JSON.parse(process.argv[2] ?? '') as T;
  const file = openSync(duty.journal, 'a');
  const write = (...entry: Entry): void => {
    writeSync(file, `${JSON.stringify(entry)}\n`);
  };
  process.on('unhandledRejection', (reason) => write('unhandled', 'rejection', textOf(reason)));
  process.on('uncaughtException', (error) => write('unhandled', 'exception', textOf(error)));
  process.on('disconnect', () => process.exit(0));
  const log = (level: string) => (message: string, detail?: unknown) =>
    write('log', level, detail === undefined ? message : `${message}: ${textOf(detail)}`);
  const logger = { debug: () => undefined, info: () => undefined, warn: log('warn'), error: log('error') };
  return { duty, write, logger };
}

/**
 * For the process: tells its starter that it is ready, and does what it is then told, by name. After `close` it lets go of
 * its starter, and is expected to end by itself.
 */
export function serveOrders(orders: Readonly<Record<string, (detail: unknown) => unknown>>): void {
  const obey = async ({ number, order, detail }: Order): Promise<void> => {
    try {
      process.send?.({ number, answer: await orders[order]?.(detail) });
    } catch (error) {
      process.send?.({ number, failure: textOf(error) });
    }
    if (order === 'close') process.disconnect();
  };
  process.on('message', (order: Order) => void obey(order));
  process.send?.('ready');
}

/** What a starter sends. */
export interface Order {
  readonly number: number;
  readonly order: string;
  readonly detail: unknown;
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
