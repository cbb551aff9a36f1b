import { RpcCode, RpcException } from '@parley/core/transport';
import type { DriverMessage, SendFailures, TopicMessages } from '../../driver.ts';
import type { Topology } from '../connection/topology.ts';
import { driverError, isFatal } from '../errors.ts';
import { type Chunk, cutIntoChunks, halve, rechoose } from './chunk.ts';
import type { Verdict } from './produce-codes.ts';

/** What a sending needs of its producer. */
export interface SendingHost {
  readonly topology: Topology;
  readonly patience: number;
  /** Sends again also what may have been written. */
  readonly repeat: boolean;
  readonly closed: boolean;
  /** What became of each chunk, in their order; at most one per partition. Never rejects. */
  produce(chunks: readonly Chunk[]): Promise<readonly Verdict[]>;
  /** Ends early when the producer closes. */
  backOff(attempt: number): Promise<void>;
  /** Whether this was written will not be known. */
  abandon(chunk: Chunk): void;
  missing(topic: string): void;
}

/** How long a new topic may be unknown to the broker that is asked, while others know it; and no longer, since it can be made. */
const missingGrace = 300;

/** One `send`, until every message of it is settled. */
export class Sending {
  readonly #host: SendingHost;
  readonly #begun = performance.now();
  readonly #failures = new Map<DriverMessage, RpcException>();
  #unplaced: readonly TopicMessages[];
  #chunks: Chunk[] = [];
  #attempt = 0;

  constructor(host: SendingHost, batch: readonly TopicMessages[]) {
    this.#host = host;
    this.#unplaced = batch;
  }

  async run(): Promise<SendFailures | undefined> {
    const known = this.#unplaced.every(({ topic }) => this.#host.topology.find(topic) !== undefined);
    if (!known) await this.#refresh();
    while (this.#unplaced.length > 0 || this.#chunks.length > 0) {
      this.#place();
      const waits = await this.#round();
      if (!waits && this.#unplaced.length === 0) continue;
      await this.#host.backOff(this.#attempt++);
      await this.#refresh();
    }
    return this.#failures.size === 0 ? undefined : this.#failures;
  }

  /** Messages of unknown topics and partitions stay where they are until they are found or it has lasted too long. */
  #place(): void {
    const still: TopicMessages[] = [];
    for (const batch of this.#unplaced) {
      const missing: DriverMessage[] = [];
      const found = this.#host.topology.find(batch.topic);
      const known = found ?? [];
      if (known.length === 0) missing.push(...batch.messages);
      else this.#chunks.push(...cutIntoChunks(batch, known, missing));
      if (missing.length === 0) continue;
      // While nobody could be asked, nothing is known to be missing.
      if (this.#mayWait(found !== undefined)) still.push({ topic: batch.topic, messages: missing });
      else this.#fail(missing, missingError(batch.topic, known.length, missing[0]?.partition), batch.topic);
    }
    this.#unplaced = still;
  }

  /** Sends the first chunk of each partition. True: something has to wait before it is tried again. */
  async #round(): Promise<boolean> {
    if (this.#chunks.length === 0) return false;
    const [now, later] = firstOfEach(this.#chunks);
    const verdicts = await this.#host.produce(now);
    const again: Chunk[] = [];
    let waits = false;
    for (const [index, verdict] of verdicts.entries()) {
      const chunk = now[index];
      if (chunk === undefined || verdict.kind === 'written') continue;
      const halves = verdict.kind === 'too large' ? halve(chunk) : undefined;
      if (halves !== undefined) again.push(...halves);
      else if (this.#triesAgain(verdict)) {
        again.push(rechoose(chunk, this.#host.topology.find(chunk.topic)));
        waits = true;
      } else {
        this.#giveUp(chunk, verdict);
      }
    }
    // Before what comes later in the same partition.
    this.#chunks = again.length === 0 ? later : [...again, ...later];
    return waits;
  }

  #giveUp(chunk: Chunk, verdict: Exclude<Verdict, { kind: 'written' }>): void {
    const { kind, error } = verdict;
    if (kind === 'unknown') this.#host.abandon(chunk);
    // For the sends to come: whoever leads the partition now takes them.
    if (kind !== 'refused' && kind !== 'too large') this.#host.topology.refresh([chunk.topic]).catch(() => undefined);
    this.#fail(chunk.messages, error, kind === 'missing' ? chunk.topic : undefined);
  }

  #triesAgain({ kind }: Verdict): boolean {
    if (kind === 'refused' || kind === 'too large') return false;
    if (kind === 'unknown' && !this.#host.repeat) return false;
    return this.#mayWait(kind === 'missing');
  }

  #mayWait(isMissing: boolean): boolean {
    const patience = isMissing ? missingGrace : this.#host.patience;
    return !this.#host.closed && performance.now() - this.#begun < patience;
  }

  /** What has no place yet cannot be sent while no broker answers; the rest is told by its broker. */
  async #refresh(): Promise<void> {
    const topics = [...this.#unplaced, ...this.#chunks].map(({ topic }) => topic);
    try {
      await this.#host.topology.refresh(topics);
    } catch (error) {
      const reason = driverError('Cannot ask the brokers where the topics are', error);
      if (this.#mayWait(false) && !isFatal(reason)) return;
      for (const { messages } of this.#unplaced) this.#fail(messages, reason);
      this.#unplaced = [];
    }
  }

  #fail(messages: readonly DriverMessage[], error: RpcException, missing?: string): void {
    if (missing !== undefined) this.#host.missing(missing);
    for (const message of messages) this.#failures.set(message, error);
  }
}

function firstOfEach(chunks: Chunk[]): [Chunk[], Chunk[]] {
  const taken = new Set<string>();
  const later: Chunk[] = [];
  if (chunks.length === 1) return [chunks, later];
  const now = chunks.filter((chunk) => {
    const place = `${chunk.partition}/${chunk.topic}`;
    if (taken.has(place)) {
      later.push(chunk);
      return false;
    }
    taken.add(place);
    return true;
  });
  return [now, later];
}

function missingError(topic: string, partitions: number, partition: number | undefined): RpcException {
  const what =
    partitions === 0
      ? `there is no topic "${topic}"`
      : `the topic "${topic}" has no partition ${partition}, only ${partitions}`;
  return new RpcException(`Cannot write: ${what}`, { code: RpcCode.NotFound });
}
