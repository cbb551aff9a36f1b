import { isWildcard, type Matcher, wildcardMatcher } from '@parley/core/transport';
import type { ConsumedStream } from '../keep/consumed-stream.ts';
import { says } from '../redis/script.ts';
import { enrolScript } from '../redis/scripts.ts';
import { enrolmentKey } from '../stream-keys.ts';
import type { Membership } from './membership.ts';

/** Nodes of a cluster have clocks of their own, kept alike by NTP: in doubt a group rather gets an event too many. */
const clockDifference = 5000;

/**
 * Puts the group at its place in each stream. Requests are read from the beginning: whoever waits for an answer waits. Events
 * are read from the moment at which the group first wanted them, which Redis remembers: so a group that is new does not get
 * what was before its time, and one that was away misses nothing, not even a name that appeared meanwhile.
 */
export class Enrolment {
  readonly #member: Membership;
  /** Exact names and wildcards, each with the time since when the group wants it. */
  readonly #since = new Map<string, { readonly matches: Matcher; readonly time: number }>();
  readonly #done = new Set<string>();

  constructor(member: Membership) {
    this.#member = member;
  }

  /** Before any stream of an event is joined. */
  async want(patterns: readonly string[]): Promise<void> {
    if (patterns.length === 0) return;
    const { redis, names, group } = this.#member;
    const times = (await enrolScript.run(redis, [enrolmentKey(names, group)], patterns)) as Buffer[];
    for (const [index, pattern] of patterns.entries()) {
      const matches = isWildcard(pattern) ? wildcardMatcher(pattern) : (name: string) => name === pattern;
      this.#since.set(pattern, { matches, time: Number(String(times[index])) });
    }
  }

  /**
   * Again after an outage, or when Redis has lost them: a stream that was joined before begins anew then.
   *
   * @returns those that were lost.
   */
  async join(streams: Iterable<ConsumedStream>): Promise<readonly ConsumedStream[]> {
    const lost = await Promise.all([...streams].map(async (stream) => ((await this.#join(stream)) ? [stream] : [])));
    return lost.flat();
  }

  async #join(stream: ConsumedStream): Promise<boolean> {
    const { redis, group } = this.#member;
    const wasJoined = this.#done.has(stream.key);
    try {
      await redis.xgroup('CREATE', stream.key, group, this.#begin(stream), 'MKSTREAM');
    } catch (error) {
      // A Redis that is full refuses to make groups, also those that are there: they are what empties it.
      const isThere = says(error, 'BUSYGROUP') || (says(error, 'OOM') && (await this.#isThere(stream)));
      if (!isThere) throw error;
      this.#done.add(stream.key);
      return false;
    }
    this.#done.add(stream.key);
    return wasJoined;
  }

  async #isThere({ key }: ConsumedStream): Promise<boolean> {
    const { redis, group } = this.#member;
    // It rejects where there is no stream.
    const groups = (await redis.xinfo('GROUPS', key).catch(() => [])) as unknown[][];
    return groups.some((row) => row[row.indexOf('name') + 1] === group);
  }

  #begin({ kind, pattern, key }: ConsumedStream): string {
    if (kind === 'message' || this.#done.has(key)) return '0';
    const times = [...this.#since.values()].filter(({ matches }) => matches(pattern)).map(({ time }) => time);
    const isExact = this.#since.has(pattern);
    const early = this.#member.isCluster && !isExact ? clockDifference : 0;
    return String(Math.max(0, Math.min(...times) - 1 - early));
  }
}
