import type { GroupConsumer } from '../driver/index.ts';
import type { ResolvedKafkaOptions } from '../kafka-options.ts';
import type { Station } from '../link/station.ts';
import { eventIntake } from './event-intake.ts';
import type { EventTopics } from './event-topics.ts';
import type { Intake } from './intake.ts';

/** What a group reads of the events: the topics that its handlers name, and those that turn up and match a wildcard. */
export class EventSubscription {
  readonly #station: Station;
  readonly #options: ResolvedKafkaOptions;
  readonly #group: string;
  readonly #topics: EventTopics;
  readonly #intake: Intake;
  #consumer: GroupConsumer | undefined;
  #subscribed: ReadonlySet<string> = new Set();
  #isStopped = false;

  constructor(
    station: Station,
    options: ResolvedKafkaOptions,
    group: string,
    topics: EventTopics,
    audience: 'group' | undefined,
  ) {
    this.#station = station;
    this.#options = options;
    this.#group = group;
    this.#topics = topics;
    this.#intake = eventIntake(station, options, group, audience, (gone) => this.#missing(gone));
  }

  /** Resolves when what is emitted from now on will come. */
  async start(): Promise<void> {
    const { exact } = this.#topics;
    await this.#station.topics.ensure('events', [...exact.keys()]);
    const found = await this.#find();
    const missed = await this.#missedBy(found);
    const known = new Set([...exact.keys(), ...found].filter((topic) => !missed.has(topic)));
    if (known.size > 0) await this.#join(known);
    if (missed.size > 0) await this.#add(missed);
  }

  /** Looks for topics that a wildcard matches and that are new: they are read from their beginning. */
  async discover(): Promise<void> {
    if (!this.#topics.hasWildcards || this.#isStopped) return;
    const added = new Set((await this.#find()).filter((topic) => !this.#subscribed.has(topic)));
    if (added.size > 0 && !this.#isStopped) await this.#add(added);
  }

  /** Nothing new goes to core. */
  stop(): void {
    this.#isStopped = true;
    this.#intake.stop();
  }

  /** Commits and leaves the group. */
  async close(timeout: number): Promise<void> {
    this.#isStopped = true;
    await this.#intake.close(timeout);
  }

  async #find(): Promise<string[]> {
    if (!this.#topics.hasWildcards) return [];
    return [...this.#topics.matching(await this.#station.driver.admin.listTopics()).keys()];
  }

  /**
   * Of those found, the ones that turned up while the whole group was away: it has offsets in other topics that the same wildcard
   * matches, but none in them. Where it has none at all the wildcard is new to the group, and begins as `from` says.
   */
  async #missedBy(found: readonly string[]): Promise<ReadonlySet<string>> {
    const { admin } = this.#station.driver;
    if (found.length === 0 || this.#options.from === 'earliest') return new Set();
    const offsets = await Promise.all(found.map((topic) => admin.committedOffsets(this.#group, topic)));
    const isKnown = new Set(found.filter((_, index) => (offsets[index]?.length ?? 0) > 0));
    const missed = this.#topics.byWildcard(found).flatMap((topics) => {
      return topics.some((topic) => isKnown.has(topic)) ? topics.filter((topic) => !isKnown.has(topic)) : [];
    });
    return new Set(missed.filter((topic) => !this.#topics.exact.has(topic)));
  }

  /** Those that only a wildcard had found, somebody may have deleted for good; if they come back they are found again. */
  #missing(topics: readonly string[]): void {
    const gone = new Set(topics.filter((topic) => !this.#topics.exact.has(topic)));
    const named = topics.filter((topic) => !gone.has(topic));
    if (named.length > 0) this.#station.remake('events', named);
    if (gone.size === 0 || this.#isStopped) return;
    const left = new Set([...this.#subscribed].filter((topic) => !gone.has(topic)));
    // kafkajs cannot be in a group without a topic; this one is looked for, and not made.
    if (left.size === 0) return;
    this.#subscribed = left;
    this.#consumer?.changeTopics([...left]).catch((reason: unknown) => {
      if (!this.#isStopped) this.#station.warn('could not leave topics that are gone', reason);
    });
  }

  async #add(topics: ReadonlySet<string>): Promise<void> {
    if (this.#consumer === undefined) {
      await this.#join(topics, true);
      return;
    }
    const all = new Set([...this.#subscribed, ...topics]);
    await this.#consumer.changeTopics([...all]);
    this.#subscribed = all;
  }

  async #join(topics: ReadonlySet<string>, fromBeginning = this.#options.from === 'earliest'): Promise<void> {
    const { sessionTimeout, heartbeatInterval } = this.#options;
    const groupId = this.#group;
    this.#consumer = this.#station.driver.groupConsumer(
      { groupId, topics: [...topics], fromBeginning, sessionTimeout, heartbeatInterval },
      this.#intake,
    );
    this.#subscribed = topics;
    await this.#intake.start(this.#consumer);
  }
}
