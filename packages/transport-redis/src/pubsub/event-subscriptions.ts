import { type EventRoutes, type Matcher, wildcardMatcher } from '@parley/core/transport';
import type { Names } from '../names.ts';

interface Wildcard {
  readonly glob: string;
  readonly matches: Matcher;
}

/**
 * What to subscribe for events. Redis delivers an event once for each subscription that matches it, so none is made that
 * another one covers; where two overlap, the first one counts.
 */
export class EventSubscriptions {
  /** Exact names that no wildcard covers. */
  readonly events: readonly string[];
  readonly #wildcards: readonly Wildcard[];

  constructor(routes: readonly EventRoutes[], names: Names) {
    const wildcards = [...new Set(routes.flatMap((route) => route.wildcards))];
    const matchers = wildcards.map((wildcard) => ({ wildcard, matches: wildcardMatcher(wildcard) }));
    // A star of the other one counts as a character here: what swallows it swallows all that it stands for. Of two that
    // cover each other (`a*` and `a**`) the first stays.
    const kept = matchers.filter((one, index) =>
      matchers.every(
        (other, at) => other === one || !other.matches(one.wildcard) || (one.matches(other.wildcard) && index < at),
      ),
    );
    this.#wildcards = kept.map(({ wildcard, matches }) => ({ glob: names.eventGlob(wildcard), matches }));
    const events = new Set(routes.flatMap((route) => route.events));
    this.events = [...events].filter((event) => !kept.some(({ matches }) => matches(event)));
  }

  get globs(): readonly string[] {
    return this.#wildcards.map(({ glob }) => glob);
  }

  /** Whether the event that came by `glob` is to be handled: others may have brought it, too. */
  counts(event: string, glob: string): boolean {
    const wildcards = this.#wildcards;
    return wildcards.length === 1 || wildcards.find(({ matches }) => matches(event))?.glob === glob;
  }
}
