import { type EventRoutes, wildcardMatcher } from '@parley/core/transport';

/** Which names of events are wanted, and which of them are read already. */
export class WantedEvents {
  readonly #matchers: readonly ((name: string) => boolean)[];
  readonly #known: Set<string>;

  constructor({ events, wildcards }: EventRoutes) {
    this.#matchers = wildcards.map((wildcard) => wildcardMatcher(wildcard));
    this.#known = new Set(events);
  }

  /** Those that a wildcard matches and that are not read yet. */
  newOnes(names: readonly string[]): readonly string[] {
    return names.filter((name) => !this.#known.has(name) && this.#matchers.some((matches) => matches(name)));
  }

  add(name: string): void {
    this.#known.add(name);
  }
}
