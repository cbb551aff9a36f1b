import { RpcCode, RpcException } from '@parley/core/transport';
import type { Broker, Consumer, EachBatchPayload } from 'kafkajs';
import type { GroupConsumer, GroupOptions, GroupOwner, TopicPartition, TopicPartitionOffset } from '../../driver.ts';
import { backoffDelay, Pause, settled } from '../backoff.ts';
import { driverError, isFatal, kindOf } from '../errors.ts';
import type { Shared } from '../shared.ts';
import { firstPositions } from './first-positions.ts';
import { defaultSessionTimeout, GroupMember, type GroupMemberHost } from './group-member.ts';
import { joinPromise } from './join-promise.ts';
import { commitAs, leaveAs, type Member } from './membership.ts';

/** Milliseconds that the owner gets to commit before partitions go back. */
const revokeTimeout = 1000;
/** Milliseconds for a consumer that is to be replaced, or has crashed, to end. */
const replaceTimeout = 1000;
const missingInterval = 1000;
const commitAttempts = 4;

/** From joining to the next rebalance. */
interface Generation extends Member {
  readonly number: number;
  readonly partitions: readonly TopicPartitionOffset[];
  coordinator: Broker;
  evicted: boolean;
  /** By `performance.now()`, when the latest request began that the coordinator has answered as to a member. */
  confirmedAt: number;
}

/** A member of a group for as long as it is open: kafkajs consumers one after the other, under one member id. */
export class KafkaJsGroupConsumer implements GroupConsumer, GroupMemberHost {
  readonly groupId: string;
  readonly #shared: Shared;
  readonly #options: GroupOptions;
  readonly #owner: GroupOwner;
  readonly #pause = new Pause();
  /** Topics that begin at their beginning where the group has no offset: it had one before, or they were added later. */
  readonly #known = new Set<string>();
  #topics: readonly string[];
  #joined = joinPromise();
  #member: GroupMember | undefined;
  #memberId = '';
  #next: Generation | undefined;
  #generation: Generation | undefined;
  #generations = 0;
  #loop: Promise<void> | undefined;
  #missingTimer: ReturnType<typeof setInterval> | undefined;
  #everJoined = false;
  #lost = false;
  #pausedAll = false;
  #replacing = false;
  #closed = false;

  constructor(shared: Shared, options: GroupOptions, owner: GroupOwner) {
    this.groupId = options.groupId;
    this.#shared = shared;
    this.#options = options;
    this.#owner = owner;
    this.#topics = options.topics;
  }

  /** For `unwrap`. */
  get consumer(): Consumer | undefined {
    return this.#member?.consumer;
  }

  start(): Promise<void> {
    if (!this.#closed) this.#loop ??= this.#run();
    return this.#joined.promise;
  }

  async changeTopics(topics: readonly string[]): Promise<void> {
    for (const topic of topics) if (!this.#topics.includes(topic)) this.#known.add(topic);
    this.#topics = [...topics];
    if (this.#loop === undefined || this.#closed) return;
    if (this.#joined.settled) this.#joined = joinPromise();
    const { promise } = this.#joined;
    if (!this.#replacing) await this.#replace();
    return promise;
  }

  pause(topic: string, partition: number): void {
    this.#tellKafkaJs((consumer) => consumer.pause([{ topic, partitions: [partition] }]));
  }

  resume(topic: string, partition: number): void {
    if (this.#pausedAll) return;
    this.#tellKafkaJs((consumer) => consumer.resume([{ topic, partitions: [partition] }]));
  }

  pauseAll(): void {
    this.#pausedAll = true;
    for (const { topic, partition } of this.#generation?.partitions ?? []) this.pause(topic, partition);
  }

  seek(topic: string, partition: number, offset: string): void {
    this.#tellKafkaJs((consumer) => consumer.seek({ topic, partition, offset }));
  }

  async commit(number: number, offsets: readonly TopicPartitionOffset[]): Promise<void> {
    const generation = this.#generation;
    if (offsets.length === 0) return;
    if (generation === undefined || generation.number !== number) throw this.#outdated();
    for (let attempt = 0; ; attempt++) {
      try {
        await commitAs(generation, this.groupId, generation.coordinator, offsets);
        return;
      } catch (error) {
        const kind = kindOf(error);
        if (kind === 'ILLEGAL_GENERATION' || kind === 'UNKNOWN_MEMBER_ID') {
          generation.evicted = true;
          throw this.#outdated();
        }
        const hopeless = attempt + 1 >= commitAttempts || this.#closed || kind === 'REBALANCE_IN_PROGRESS';
        if (hopeless) throw driverError(`Cannot commit offsets of the group "${this.groupId}"`, error);
      }
      await this.#pause.wait(backoffDelay(attempt));
      const coordinator = await this.#member?.findCoordinator().catch(() => undefined);
      if (coordinator !== undefined) generation.coordinator = coordinator;
    }
  }

  async close(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    const generation = this.#generation ?? this.#next;
    this.#closed = true;
    this.#generation = undefined;
    clearInterval(this.#missingTimer);
    this.#pause.end();
    this.#joined.reject(new RpcException('The consumer is closed', { code: RpcCode.Unavailable }));
    if (generation !== undefined) await settled(leaveAs(generation, this.groupId, generation.coordinator), timeout);
    await this.#member?.end(Math.max(deadline - performance.now(), 0));
    await this.#loop;
    this.#shared.gone(this);
  }

  get isMember(): boolean {
    const { evicted = true, confirmedAt = 0 } = this.#generation ?? {};
    return !evicted && performance.now() - confirmedAt < (this.#options.sessionTimeout ?? defaultSessionTimeout);
  }

  rememberedId(): string {
    return this.#memberId;
  }

  forgetId(): void {
    this.#memberId = '';
  }

  confirmed(since: number): void {
    if (this.#generation !== undefined) this.#generation.confirmedAt = since;
  }

  evicted(): void {
    if (this.#generation !== undefined) this.#generation.evicted = true;
  }

  async joining(): Promise<void> {
    await this.#revoke();
    if (this.#closed) throw new RpcException('The consumer is closed', { code: RpcCode.Unavailable });
  }

  async joined(
    member: Member,
    coordinator: Broker,
    assigned: readonly TopicPartition[],
    confirmedAt: number,
  ): Promise<void> {
    const { cluster } = this.#member ?? {};
    if (cluster === undefined) return;
    this.#memberId = member.memberId;
    const partitions = assigned.filter(({ topic }) => this.#topics.includes(topic));
    const { fromBeginning } = this.#options;
    const isRead = (topic: string): boolean => this.#known.has(topic);
    const first = await firstPositions(cluster, coordinator, this.groupId, partitions, fromBeginning, isRead);
    if (first.missing.length > 0) await commitAs(member, this.groupId, coordinator, first.missing);
    for (const { topic } of partitions) this.#known.add(topic);
    this.#next = {
      ...member,
      number: ++this.#generations,
      partitions: first.all,
      coordinator,
      evicted: false,
      confirmedAt,
    };
  }

  ready(): void {
    const generation = this.#next;
    if (generation === undefined || this.#closed || this.#replacing) return;
    this.#generation = generation;
    this.#tellKafkaJs((consumer) => consumer.resume(consumer.paused()));
    if (this.#pausedAll) this.pauseAll();
    this.#tell(() => this.#owner.assigned(generation.number, generation.partitions));
    this.#everJoined = true;
    this.#joined.resolve();
    if (this.#lost) this.#tell(() => this.#owner.restored());
    this.#lost = false;
    this.#lookForMissing();
  }

  batch(payload: EachBatchPayload): void {
    const generation = this.#generation;
    // Stale: to be read from elsewhere (`seek`).
    if (generation === undefined || this.#pausedAll || payload.isStale()) return;
    const { batch } = payload;
    this.#tell(() => this.#owner.records(generation.number, batch.topic, batch.partition, batch.messages));
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt++) {
      const before = this.#generations;
      const member = this.#begin();
      const reason = await member.ended;
      if (this.#closed) return;
      if (this.#replacing) {
        attempt = 0;
        continue;
      }
      this.evicted();
      await this.#revoke();
      await member.end(replaceTimeout);
      const error = driverError(`Cannot read as a member of the group "${this.groupId}"`, reason);
      this.#explain(reason, error);
      if (!this.#everJoined && isFatal(error)) return this.#giveUp(error);
      if (!this.#lost) this.#tell(() => this.#owner.lost(error));
      this.#lost = true;
      if (this.#generations > before) attempt = 0;
      await this.#pause.wait(backoffDelay(attempt));
    }
  }

  #begin(): GroupMember {
    this.#replacing = false;
    this.#next = undefined;
    const member = new GroupMember(this.#shared, this.#options, this.#topics, this);
    this.#member = member;
    void member.run();
    return member;
  }

  /** The same member joins again with other topics: kafkajs cannot subscribe while it runs. */
  async #replace(): Promise<void> {
    this.#replacing = true;
    const member = this.#member;
    await this.#revoke();
    await member?.end(replaceTimeout);
    this.#pause.cutShort();
  }

  #giveUp(error: RpcException): void {
    this.#closed = true;
    this.#joined.reject(error);
  }

  async #revoke(): Promise<void> {
    const generation = this.#generation;
    if (generation === undefined) return;
    clearInterval(this.#missingTimer);
    let told: unknown;
    this.#tell(() => {
      told = this.#owner.revoked(generation.number, !generation.evicted);
    });
    await settled(Promise.resolve(told), revokeTimeout);
    if (this.#generation === generation) this.#generation = undefined;
  }

  #explain(reason: unknown, error: RpcException): void {
    if (kindOf(reason) !== 'KafkaJSNotImplemented') return;
    const what = `The group "${this.groupId}" stands still: a record in one of its topics is compressed in a way that kafkajs has no codec for`;
    this.#shared.warnOnce(what, error);
  }

  #lookForMissing(): void {
    const look = (): boolean => {
      const cluster = this.#member?.cluster;
      const missing = this.#topics.filter((topic) => cluster?.findTopicPartitionMetadata(topic).length === 0);
      for (const topic of missing) this.#shared.missing(topic);
      if (missing.length > 0) this.#tell(() => this.#owner.missing(missing));
      return missing.length > 0;
    };
    clearInterval(this.#missingTimer);
    if (look()) this.#missingTimer = setInterval(look, missingInterval);
  }

  #outdated(): RpcException {
    const message = `Cannot commit offsets of the group "${this.groupId}": it has shared its partitions out anew`;
    return new RpcException(message, { code: RpcCode.Unavailable });
  }

  /** Before it has joined, and while it is replaced, there is nothing to pause or seek. */
  #tellKafkaJs(what: (consumer: Consumer) => void): void {
    try {
      if (this.#member !== undefined && this.#generation !== undefined) what(this.#member.consumer);
    } catch {
      // The consumer is ending: the next generation begins anew.
    }
  }

  #tell(what: () => void): void {
    try {
      what();
    } catch (error) {
      this.#shared.options.warn(`The owner of the Kafka group consumer "${this.groupId}" threw`, error);
    }
  }
}
