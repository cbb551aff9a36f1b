import { type Matcher, type Routes, wildcardMatcher } from '@parley/core/transport';

/** Routes without regard to who else gets the events. */
export type WantedRoutes = Omit<Routes, 'broadcast'>;

/** What an instance, or a group, wants to get. Asked for every message: a lookup, then the wildcards. */
export class Interests {
  readonly #messages = new Set<string>();
  readonly #events = new Set<string>();
  readonly #wildcards = new Map<string, Matcher>();

  constructor(routes: Partial<WantedRoutes> = {}) {
    this.add(routes);
  }

  add({ messages = [], events = [], wildcards = [] }: Partial<WantedRoutes>): void {
    for (const key of messages) this.#messages.add(key);
    for (const key of events) this.#events.add(key);
    for (const key of wildcards) this.#wildcards.set(key, wildcardMatcher(key));
  }

  want({ kind, pattern }: { readonly kind: 'request' | 'event'; readonly pattern: string }): boolean {
    if (kind === 'request') return this.#messages.has(pattern);
    return this.#events.has(pattern) || [...this.#wildcards.values()].some((matches) => matches(pattern));
  }
}
