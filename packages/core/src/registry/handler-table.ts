import { type Matcher, wildcardMatcher } from '../patterns/index.ts';
import type { EventRoutes, Routes } from '../seam/index.ts';
import type { HandlerRecord } from './handler-record.ts';

/** Event keys come from the network: only so many are remembered with what they match. */
const maxRememberedKeys = 1000;

const none: readonly never[] = [];

/** Who serves what on one transport. Finding a handler costs the same however many there are. */
export class HandlerTable<Handler extends HandlerRecord = HandlerRecord> {
  readonly routes: Routes;
  readonly #messages = new Map<string, Handler>();
  readonly #events = new Map<string, Handler[]>();
  readonly #wildcards: readonly { readonly matches: Matcher; readonly record: Handler }[];
  /** Event key to its handlers, wildcards included. */
  readonly #found = new Map<string, readonly Handler[]>();

  constructor(records: readonly Handler[]) {
    for (const record of records) {
      if (record.kind === 'message') this.#messages.set(record.key, record);
      else if (!record.wildcard) this.#events.set(record.key, [...(this.#events.get(record.key) ?? []), record]);
    }
    const wildcards = records.filter((record) => record.wildcard);
    this.#wildcards = wildcards.map((record) => ({ matches: wildcardMatcher(record.key), record }));
    const events = records.filter((record) => record.kind === 'event');
    this.routes = {
      messages: [...this.#messages.keys()],
      ...eventRoutes(events.filter((record) => !record.broadcast)),
      broadcast: eventRoutes(events.filter((record) => record.broadcast)),
    };
  }

  get isEmpty(): boolean {
    return this.#messages.size === 0 && this.#events.size === 0 && this.#wildcards.length === 0;
  }

  message(key: string): Handler | undefined {
    return this.#messages.get(key);
  }

  /** In the order of their declaration, exact ones first. */
  events(key: string): readonly Handler[] {
    const exact = this.#events.get(key) ?? none;
    if (this.#wildcards.length === 0) return exact;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = [...exact, ...this.#wildcards.filter(({ matches }) => matches(key)).map(({ record }) => record)];
    if (this.#found.size >= maxRememberedKeys) this.#found.delete(this.#found.keys().next().value as string);
    this.#found.set(key, found);
    return found;
  }
}

function eventRoutes(records: readonly HandlerRecord[]): EventRoutes {
  return {
    events: distinct(records.filter((record) => !record.wildcard)),
    wildcards: distinct(records.filter((record) => record.wildcard)),
  };
}

function distinct(records: readonly HandlerRecord[]): string[] {
  return [...new Set(records.map((record) => record.key))];
}
