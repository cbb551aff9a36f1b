import { type EventRoutes, wildcardMatcher } from '@parley/core/transport';
import type { TopicNames } from '../names/topic-names.ts';

/** Topics of the library itself, of those who have another prefix. */
const isOfOthers = /parley\.(?:control$|replies\.)/;

/** Which topics hold the events that there are handlers for. */
export class EventTopics {
  readonly #names: TopicNames;
  readonly #wildcards: readonly ((pattern: string) => boolean)[];
  /** Of the patterns without a wildcard: topic to pattern. */
  readonly exact: ReadonlyMap<string, string>;

  /** @throws RpcException 400 when the name of a topic is too long. */
  constructor(names: TopicNames, { events, wildcards }: EventRoutes) {
    this.#names = names;
    this.exact = new Map(events.map((pattern) => [names.event(pattern), pattern]));
    this.#wildcards = wildcards.map((wildcard) => wildcardMatcher(wildcard));
  }

  get hasWildcards(): boolean {
    return this.#wildcards.length > 0;
  }

  get isEmpty(): boolean {
    return this.exact.size === 0 && !this.hasWildcards;
  }

  /** Of `topics`, those that each wildcard matches. */
  byWildcard(topics: readonly string[]): readonly (readonly string[])[] {
    return this.#wildcards.map((matches) => topics.filter((topic) => matches(this.#names.eventOf(topic) ?? '')));
  }

  /** Those of `topics` that hold events which a wildcard matches; topic to pattern. */
  matching(topics: readonly string[]): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    if (!this.hasWildcards) return found;
    for (const topic of topics) {
      const pattern = this.#names.eventOf(topic);
      if (pattern !== undefined && !isOfOthers.test(pattern) && this.#wildcards.some((matches) => matches(pattern)))
        found.set(topic, pattern);
    }
    return found;
  }
}
