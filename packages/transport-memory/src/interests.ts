import { type Matcher, type Routes, wildcardMatcher } from '@parley/core/transport';

/** What an instance, or a group, wants to get. Asked for every message: a lookup, then the wildcards. */
export class Interests {
  readonly #messages = new Set<string>();
  readonly #events = new Set<string>();
  readonly #wildcards = new Map<string, Matcher>();

  constructor(routes: Partial<Routes> = {}) {
    this.add(routes);
  }

  add({ messages = [], events = [], wildcards = [] }: Partial<Routes>): void {
    for (const key of messages) this.#messages.add(key);
    for (const key of events) this.#events.add(key);
    for (const key of wildcards) this.#wildcards.set(key, wildcardMatcher(key));
  }

  want({ kind, pattern }: { readonly kind: 'request' | 'event'; readonly pattern: string }): boolean {
    if (kind === 'request') return this.#messages.has(pattern);
    return this.#events.has(pattern) || [...this.#wildcards.values()].some((matches) => matches(pattern));
  }
}

/** Routes that an instance shares with its group, and those (`broadcast`) that it wants for itself. */
export function splitRoutes(routes: Routes): { readonly shared: Routes; readonly own: Routes } {
  const own = new Set(routes.broadcast);
  const isShared = (key: string) => !own.has(key);
  const isOwn = (key: string) => own.has(key);
  return {
    shared: { ...routes, events: routes.events.filter(isShared), wildcards: routes.wildcards.filter(isShared) },
    own: { ...routes, messages: [], events: routes.events.filter(isOwn), wildcards: routes.wildcards.filter(isOwn) },
  };
}
