import type { Membership } from '../group/membership.ts';
import type { ConsumedStream } from './consumed-stream.ts';

/** Ids in one XACK. */
const most = 1000;

/** Acknowledges what was handled: one XACK for each stream and tick, in one write with its answers, until it has worked. */
export class Acks {
  readonly #member: Membership;
  /** Streams that have something to acknowledge. */
  readonly #streams = new Set<ConsumedStream>();
  #isPlanned = false;

  constructor(member: Membership) {
    this.#member = member;
  }

  add(stream: ConsumedStream, id: string): void {
    stream.settled.push(id);
    this.#streams.add(stream);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    process.nextTick(() => void this.flush());
  }

  /** Also what failed before. Never rejects: what cannot be acknowledged now is kept for the next time. */
  async flush(): Promise<void> {
    this.#isPlanned = false;
    this.#member.flushAnswers();
    await Promise.all([...this.#streams].map((stream) => this.#flush(stream)));
  }

  async #flush(stream: ConsumedStream): Promise<void> {
    if (stream.settling.length > 0) return;
    while (stream.settled.length > 0) {
      stream.settling = stream.settled.splice(0, most);
      try {
        await this.#member.redis.xack(stream.key, this.#member.group, ...stream.settling);
      } catch (error) {
        this.#member.refused('what is handled cannot be acknowledged', error);
        // The connection is down, or Redis is: the end of the outage and every lease try again.
        stream.settled = [...stream.settling, ...stream.settled];
        return;
      } finally {
        stream.settling = [];
      }
    }
    this.#streams.delete(stream);
  }
}
