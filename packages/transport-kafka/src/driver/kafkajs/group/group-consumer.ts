import { RpcCode, RpcException } from '@parley/core/transport';
import type { Broker, Consumer, EachBatchPayload } from 'kafkajs';
import type { GroupConsumer, GroupOptions, GroupOwner, TopicPartition, TopicPartitionOffset } from '../../driver.ts';
import { backoffDelay, Pause, settled } from '../backoff.ts';
import { driverError, isFatal, kindOf } from '../errors.ts';
import type { Shared } from '../shared.ts';
import { type CommitHost, commitOffsets, outdated } from './commit-offsets.ts';
import { firstPositions } from './first-positions.ts';
import { Generation } from './generation.ts';
import { defaultRebalanceTimeout, defaultSessionTimeout, GroupMember, type GroupMemberHost } from './group-member.ts';
import { joinPromise } from './join-promise.ts';
import { commitAs, leaveAs, type Member } from './membership.ts';
import { MissingTopics } from './missing-topics.ts';

/** Milliseconds that the owner gets to commit before partitions go back. */
const revokeTimeout = 1000;
/** Milliseconds for a consumer that is to be replaced, or has crashed, to end. */
const replaceTimeout = 1000;

/** A member of a group for as long as it is open: kafkajs consumers one after the other, under one member id. */
export class KafkaJsGroupConsumer implements GroupConsumer, GroupMemberHost {
  readonly groupId: string;
  readonly #shared: Shared;
  readonly #options: GroupOptions;
  readonly #owner: GroupOwner;
  readonly #pause = new Pause();
  /** Topics that begin at their beginning where the group has no offset: it had one before, or they were added later. */
  readonly #known = new Set<string>();
  readonly #missing = new MissingTopics(
    () => this.#member?.missingTopics() ?? [],
    (topics) => {
      for (const topic of topics) this.#shared.missing(topic);
      this.#tell(() => this.#owner.missing(topics));
    },
  );
  #topics: readonly string[];
  #joined = joinPromise();
  #member: GroupMember | undefined;
  #memberId = '';
  #next: Generation | undefined;
  #generation: Generation | undefined;
  #generations = 0;
  #loop: Promise<void> | undefined;
  #revoking: Promise<void> | undefined;
  /** By `performance.now()`, since when a join is under way; `undefined` when none is. */
  #joiningSince: number | undefined;
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

  get #sessionTimeout(): number {
    return this.#options.sessionTimeout ?? defaultSessionTimeout;
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
    if (offsets.length === 0) return;
    const generation = this.#generation;
    if (generation === undefined || generation.number !== number) throw outdated(this.groupId);
    const host: CommitHost = {
      groupId: this.groupId,
      isClosed: () => this.#closed,
      wait: (milliseconds) => this.#pause.wait(milliseconds),
      findCoordinator: async () => this.#member?.findCoordinator(),
    };
    await commitOffsets(host, generation, offsets);
  }

  async close(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    const generation = this.#generation ?? this.#next;
    this.#closed = true;
    this.#generation = undefined;
    this.#missing.stop();
    this.#pause.end();
    this.#joined.reject(new RpcException('The consumer is closed', { code: RpcCode.Unavailable }));
    if (generation !== undefined) await settled(leaveAs(generation, this.groupId, generation.coordinator), timeout);
    await this.#member?.end(Math.max(deadline - performance.now(), 0));
    await this.#loop;
    this.#shared.gone(this);
  }

  get isMember(): boolean {
    return this.#generation?.isMember(this.#sessionTimeout) ?? false;
  }

  rememberedId(): string {
    return this.#memberId;
  }

  forgetId(memberId: string): void {
    if (this.#memberId === memberId) this.#memberId = '';
  }

  confirmed(generationId: number, since: number): void {
    if (this.#generation === undefined) this.#endIfUntold();
    else if (this.#generation.generationId === generationId) this.#generation.confirmed(since);
  }

  evicted(generationId: number): void {
    if (this.#generation?.generationId === generationId) this.#generation.evicted();
  }

  async joining(): Promise<void> {
    this.#joiningSince = performance.now();
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
    this.#next = new Generation(++this.#generations, member, first.all, coordinator, confirmedAt);
  }

  ready(): void {
    const generation = this.#next;
    if (generation === undefined || this.#closed || this.#replacing) return;
    this.#generation = generation;
    this.#joiningSince = undefined;
    this.#tellKafkaJs((consumer) => consumer.resume(consumer.paused()));
    if (this.#pausedAll) this.pauseAll();
    this.#tell(() => this.#owner.assigned(generation.number, generation.partitions));
    this.#everJoined = true;
    this.#joined.resolve();
    if (this.#lost) this.#tell(() => this.#owner.restored());
    this.#lost = false;
    this.#missing.look();
  }

  batch(payload: EachBatchPayload): void {
    const generation = this.#generation;
    if (generation === undefined) return this.#endIfUntold();
    // Stale: to be read from elsewhere (`seek`).
    if (this.#pausedAll || payload.isStale()) return;
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
      this.#generation?.evicted();
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
    this.#joiningSince = performance.now();
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

  /** Once, however many ask for it meanwhile. */
  #revoke(): Promise<void> {
    const generation = this.#generation;
    if (generation === undefined) return Promise.resolve();
    this.#revoking ??= this.#takeBack(generation).finally(() => {
      this.#revoking = undefined;
    });
    return this.#revoking;
  }

  async #takeBack(generation: Generation): Promise<void> {
    this.#missing.stop();
    let told: unknown;
    this.#tell(() => {
      told = this.#owner.revoked(generation.number, !generation.isEvicted);
    });
    await settled(Promise.resolve(told), revokeTimeout);
    if (this.#generation === generation) this.#generation = undefined;
  }

  /**
   * kafkajs fetches, or is answered as a member, and nobody was told of its partitions, nor is that to come: a join that
   * failed somewhere on its way. What it hands over would be lost, so it begins anew, where the group has committed.
   */
  #endIfUntold(): void {
    if (this.#closed || this.#replacing) return;
    const longest = (this.#options.rebalanceTimeout ?? defaultRebalanceTimeout) + this.#sessionTimeout;
    if (this.#joiningSince !== undefined && performance.now() - this.#joiningSince < longest) return;
    this.#member?.fail(new Error('kafkajs reads without having told of a new generation'));
  }

  #explain(reason: unknown, error: RpcException): void {
    if (kindOf(reason) !== 'KafkaJSNotImplemented') return;
    const what = `The group "${this.groupId}" stands still: a record in one of its topics is compressed in a way that kafkajs has no codec for`;
    this.#shared.warnOnce(what, error);
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
