import type { Membership } from '../group/membership.ts';
import type { Clocks } from '../redis/clocks.ts';
import { isNoGroup } from '../redis/script.ts';
import { expireScript, sweepScript, trimScript } from '../redis/scripts.ts';
import type { ConsumedStream } from './consumed-stream.ts';

/** Milliseconds between two rounds, about: instances that were started together should not do it together. */
const interval = 10_000;
/** Instances that nothing was heard of for so many leases, and at least for so long, are not coming back. */
const forgottenLeases = 10;
const forgottenAfter = 60_000;

/** Keeps the streams of a group small, and the clocks right: what is handled or too old is trimmed, and instances that are gone are forgotten. */
export class Upkeep {
  readonly #member: Membership;
  readonly #streams: () => Iterable<ConsumedStream>;
  readonly #clocks: Clocks;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(member: Membership, streams: () => Iterable<ConsumedStream>, clocks: Clocks) {
    this.#member = member;
    this.#streams = streams;
    this.#clocks = clocks;
  }

  start(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(
      () => void this.round().finally(() => this.start()),
      interval * (0.75 + Math.random() / 2),
    );
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Never rejects: the next round does what this one could not. */
  async round(): Promise<void> {
    await this.#clocks.sample().catch(() => undefined);
    for (const stream of this.#streams()) await this.#keep(stream).catch((error: unknown) => this.#failed(error));
  }

  /** Has Redis forget this instance, if it has nothing any more. */
  async leave(stream: ConsumedStream): Promise<void> {
    const { redis, group, consumer } = this.#member;
    await sweepScript.run(redis, [stream.key], [group, 0, consumer]);
  }

  #failed(error: unknown): void {
    // Whoever reads makes the group anew.
    if (!isNoGroup(error)) this.#member.refused('streams cannot be trimmed', error);
  }

  async #keep({ key, kind }: ConsumedStream): Promise<void> {
    const { redis, group, options } = this.#member;
    const { lease, retention } = options;
    if (kind === 'message') await trimScript.run(redis, [key], []);
    else if (retention.age > 0) await expireScript.run(redis, [key], [retention.age]);
    await sweepScript.run(redis, [key], [group, Math.max(forgottenAfter, forgottenLeases * lease), '']);
  }
}
