import { RpcCode, RpcException } from '@parley/core/transport';
import type { TopicSpec } from '../../driver.ts';
import type { Topology } from '../connection/topology.ts';
import { driverError, kindOf } from '../errors.ts';

export interface TopicMakerHost {
  readonly topology: Topology;
  /** Rejects with kafkajs's aggregate of errors of single topics, or an RpcException for all. */
  create(topics: readonly object[]): Promise<void>;
  list(): Promise<readonly string[]>;
  /** Why nobody may look at them, of those that brokers hide; they are not to be taken for topics that are missing. */
  hidden(topics: readonly string[]): Promise<ReadonlyMap<string, RpcException>>;
  /** Do the leaders know already that they are? */
  lead(topics: readonly string[]): Promise<boolean>;
  backOff(attempt: number): Promise<void>;
}

/** Milliseconds within which the partitions of a new topic have leaders. */
const leaderTimeout = 10_000;

interface Wish {
  readonly spec: TopicSpec;
  readonly done: PromiseWithResolvers<void>;
}

/** Makes topics that do not exist: asks of the same time in one request, since one takes 130 to 180 ms. */
export class TopicMaker {
  readonly #host: TopicMakerHost;
  /** Those that exist, with a leader for every partition. */
  readonly #known = new Set<string>();
  #wishes = new Map<string, Wish>();
  #running = new Map<string, Wish>();
  #working = false;

  constructor(host: TopicMakerHost) {
    this.#host = host;
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    const unknown = specs.filter(({ topic }) => !this.#known.has(topic));
    if (unknown.length === 0) return;
    for (const { topic } of unknown) checkName(topic);
    const waits = unknown.map((spec) => this.#wish(spec));
    if (!this.#working) void this.#run();
    const results = await Promise.allSettled(waits);
    for (const result of results) if (result.status === 'rejected') throw result.reason as RpcException;
  }

  forget(topic: string): void {
    this.#known.delete(topic);
  }

  #wish(spec: TopicSpec): Promise<void> {
    const same = this.#running.get(spec.topic) ?? this.#wishes.get(spec.topic);
    if (same !== undefined) return same.done.promise;
    const wish: Wish = { spec, done: Promise.withResolvers() };
    this.#wishes.set(spec.topic, wish);
    return wish.done.promise;
  }

  async #run(): Promise<void> {
    this.#working = true;
    // What is asked for in this tick comes along.
    await Promise.resolve();
    while (this.#wishes.size > 0) {
      this.#running = this.#wishes;
      this.#wishes = new Map();
      try {
        await this.#make(this.#running);
      } catch (error) {
        const reason = driverError('Cannot create topics', error);
        for (const { done } of this.#running.values()) done.reject(reason);
      }
      this.#running = new Map();
    }
    this.#working = false;
  }

  async #make(wishes: ReadonlyMap<string, Wish>): Promise<void> {
    await this.#host.topology.refresh(wishes.keys());
    const unseen = [...wishes.values()].filter(({ spec }) => this.#leaders(spec.topic) === 'absent');
    const absent = withoutTwins(await this.#withoutHidden(unseen));
    if (absent.length > 0) await this.#create(absent);
    await this.#waitForLeaders(wishes);
  }

  async #withoutHidden(wishes: readonly Wish[]): Promise<readonly Wish[]> {
    if (wishes.length === 0) return wishes;
    const hidden = await this.#host.hidden(wishes.map(({ spec }) => spec.topic));
    return wishes.filter(({ spec: { topic }, done }) => {
      const reason = hidden.get(topic);
      if (reason !== undefined) done.reject(reason);
      return reason === undefined;
    });
  }

  async #create(wishes: readonly Wish[]): Promise<void> {
    const topics = wishes.map(({ spec: { topic, partitions, replication, config } }) => ({
      topic,
      numPartitions: partitions ?? -1,
      replicationFactor: replication ?? -1,
      configEntries: Object.entries(config ?? {}).map(([name, value]) => ({ name, value })),
    }));
    try {
      await this.#host.create(topics);
    } catch (error) {
      if (kindOf(error) !== 'KafkaJSAggregateError') throw error;
      for (const one of (error as { errors: readonly { topic: string }[] }).errors) {
        if (kindOf(one) === 'TOPIC_ALREADY_EXISTS' || kindOf(one) === 'REQUEST_TIMED_OUT') continue;
        const wish = wishes.find(({ spec }) => spec.topic === one.topic);
        wish?.done.reject(await this.#reasonOf(one, one.topic, wishes));
      }
    }
  }

  /** Brokers name metrics after topics, with `_` for `.`, and refuse a name that differs from another only in these. */
  async #reasonOf(error: unknown, topic: string, wishes: readonly Wish[]): Promise<RpcException> {
    if (kindOf(error) === 'INVALID_TOPIC_EXCEPTION') {
      const others = [...(await this.#host.list()), ...wishes.map(({ spec }) => spec.topic)];
      const twin = others.find((other) => other !== topic && folded(other) === folded(topic));
      if (twin !== undefined) return twinError(topic, twin, error);
    }
    return driverError(`Cannot create the topic "${topic}"`, error);
  }

  async #waitForLeaders(wishes: ReadonlyMap<string, Wish>): Promise<void> {
    const deadline = performance.now() + leaderTimeout;
    const open = new Map(wishes);
    for (const { spec, done } of wishes.values()) {
      // Settled means that it could not be made.
      done.promise.catch(() => open.delete(spec.topic));
    }
    await Promise.resolve();
    for (let attempt = 0; ; attempt++) {
      const led = [...open.keys()].filter((topic) => this.#leaders(topic) === 'all');
      // Metadata tells of a new leader before that one takes requests.
      if (led.length > 0 && (await this.#host.lead(led))) {
        for (const topic of led) {
          this.#known.add(topic);
          open.get(topic)?.done.resolve();
          open.delete(topic);
        }
      }
      if (open.size === 0) return;
      if (performance.now() > deadline) break;
      if (attempt > 0) await this.#host.backOff(attempt - 1);
      await this.#host.topology.refresh(open.keys());
    }
    for (const [topic, { done }] of open) {
      const message = `The topic "${topic}" has no leader for every partition after ${leaderTimeout} ms. Are all brokers up?`;
      done.reject(new RpcException(message, { code: RpcCode.Unavailable }));
    }
  }

  #leaders(topic: string): 'absent' | 'some' | 'all' {
    const known = this.#host.topology.find(topic) ?? [];
    if (known.length === 0) return 'absent';
    return known.every(({ leader }) => leader >= 0) ? 'all' : 'some';
  }
}

/** Brokers compare with the topics that they have, and so make both when they are asked for both at once. */
function withoutTwins(wishes: readonly Wish[]): readonly Wish[] {
  const first = new Map<string, string>();
  return wishes.filter(({ spec: { topic }, done }) => {
    const twin = first.get(folded(topic));
    if (twin === undefined) first.set(folded(topic), topic);
    else done.reject(twinError(topic, twin));
    return twin === undefined;
  });
}

function twinError(topic: string, twin: string, cause?: unknown): RpcException {
  const message = `Cannot create the topic "${topic}": it differs from the topic "${twin}" only in "." and "_", which Kafka does not allow. Rename one of them.`;
  return new RpcException(message, { code: RpcCode.BadRequest, cause });
}

function folded(topic: string): string {
  return topic.replaceAll('.', '_');
}

/** https://kafka.apache.org/43/generated/topic_config.html does not say it; org.apache.kafka.common.internals.Topic does. */
function checkName(topic: string): void {
  if (/^[a-zA-Z0-9._-]{1,249}$/.test(topic) && topic !== '.' && topic !== '..') return;
  const message = `"${topic}" is not a name of a Kafka topic: 1 to 249 of a-z, A-Z, 0-9, ".", "_" and "-", and not "." or ".."`;
  throw new RpcException(message, { code: RpcCode.BadRequest });
}
