import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DeadReason,
  type Envelope,
  errorToWire,
  type Receiver,
  type Refused,
  RpcException,
  within,
} from '@parley/core/transport';
import type { DriverRecord, GroupConsumer, GroupOwner, TopicPartitionOffset } from '../driver/index.ts';
import { Commits } from './commits.ts';
import { Confirmations } from './confirmations.ts';
import { GroupOffsets } from './group-offsets.ts';
import { type DeliveryKeeper, KafkaDelivery } from './kafka-delivery.ts';
import { Load } from './load.ts';
import { untilDone } from './until-done.ts';
import { WaitingLine } from './waiting-line.ts';

/** Milliseconds that what runs gets to end before a partition goes to another instance, which would handle it again. */
const rebalanceGrace = 200;
/** Milliseconds that an outage at the start may take: whoever starts knows what to do then. */
const joinPatience = 2000;
/** Milliseconds between looks whether the group still counts this instance in. */
const doubtInterval = 50;

/** What is different for events and for requests. */
export interface IntakeSetup {
  readonly receiver: Receiver;
  /** Messages that may be here unsettled. */
  readonly prefetch: number;
  /** What core gets; `undefined` for a record that is not for this group. @throws RpcException for what cannot be read. */
  read(delivery: KafkaDelivery): Envelope | Refused | undefined;
  /** What cannot be read, or is refused for what its sender put into it. Resolves when it may be settled. */
  refuse(delivery: KafkaDelivery, refused: Refused): Promise<void>;
  bury(delivery: KafkaDelivery, why: DeadReason): Promise<void>;
  /** These topics are gone. */
  missing(topics: readonly string[]): void;
  warn(what: string, detail?: unknown): void;
}

/** One consumer group's way into core: hands over what there is room for, and commits what is done and all before it. */
export class Intake implements GroupOwner, DeliveryKeeper {
  readonly #setup: IntakeSetup;
  readonly #line: WaitingLine<KafkaDelivery>;
  readonly #load: Load;
  readonly #offsets = new GroupOffsets();
  #consumer: GroupConsumer | undefined;
  #generation = -1;
  #isPaused = false;
  #isStopped = false;
  #isRevoked = false;
  /** While it joins for the first time. */
  #joining: PromiseWithResolvers<void> | undefined;
  #joinTimer: NodeJS.Timeout | undefined;
  readonly #commits = new Commits(() => this.#commit());
  readonly #confirmations = new Confirmations();
  #settled: (() => void) | undefined;
  readonly #closing = new AbortController();

  constructor(setup: IntakeSetup) {
    this.#setup = setup;
    this.#load = new Load(setup.prefetch);
    const door = { room: () => this.#room(), whenRoom: () => this.#whenRoom() };
    this.#line = new WaitingLine(door, (delivery) => this.#hand(delivery));
  }

  /** Joins the group. Rejects as the driver's `start`, and with 503 when that takes long because of an outage. */
  async start(consumer: GroupConsumer): Promise<void> {
    this.#consumer = consumer;
    this.#joining = Promise.withResolvers();
    consumer.start().then(this.#joining.resolve, this.#joining.reject);
    await this.#joining.promise.finally(() => {
      this.#joining = undefined;
      clearTimeout(this.#joinTimer);
    });
  }

  /** Nothing new goes to core; what it has may be settled. */
  stop(): void {
    this.#isStopped = true;
    this.#consumer?.pauseAll();
    this.#dropWaiting();
  }

  /** Commits what is done and leaves the group, within `timeout` ms. */
  async close(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    this.stop();
    this.#closing.abort();
    await within(timeout, this.#commits.now());
    for (const delivery of this.#confirmations.all) this.#letGo(delivery);
    await this.#consumer?.close(Math.max(0, deadline - performance.now()));
    this.#commits.stop();
  }

  assigned(generation: number, partitions: readonly TopicPartitionOffset[]): void {
    this.#dropWaiting();
    this.#generation = generation;
    this.#isPaused = false;
    this.#isRevoked = false;
    this.#offsets.assigned(partitions);
    for (const delivery of this.#confirmations.all) if (!this.#offsets.holds(delivery)) this.#letGo(delivery);
    this.#offsets.forgetOthers();
  }

  async revoked(_generation: number, clean: boolean): Promise<void> {
    // Of the fetch under way nothing is taken any more: it would be handled in front of what waited.
    this.#isRevoked = true;
    this.#dropWaiting();
    if (clean) {
      await this.#quiet(rebalanceGrace);
      await this.#commits.now();
    }
    this.#offsets.revoked();
  }

  records(generation: number, topic: string, partition: number, records: readonly DriverRecord[]): void {
    if (this.#isStopped || this.#isRevoked || generation !== this.#generation) return;
    const offsets = this.#offsets.of({ topic, partition });
    for (const record of records) {
      const delivery = new KafkaDelivery(topic, partition, record, this);
      if (!offsets.isNew(delivery.offset, delivery.timestamp)) continue;
      offsets.add(delivery);
      this.#load.add(delivery);
      this.#line.add(delivery);
    }
    if (this.#load.isFull) this.#pause();
    // What was done before a rebalance and comes again now is to be committed.
    this.#commits.soon();
  }

  lost(reason: RpcException): void {
    if (this.#isStopped) return;
    if (this.#joining === undefined) this.#setup.warn('out of its consumer group, joining again', reason);
    else this.#joinTimer = setTimeout(() => this.#joining?.reject(reason), joinPatience);
  }

  restored(): void {}

  missing(topics: readonly string[]): void {
    if (!this.#isStopped) this.#setup.missing(topics);
  }

  settle(delivery: KafkaDelivery): void {
    if (delivery.state === 'done') return;
    delivery.state = 'done';
    this.#release(delivery);
    this.#commits.soon();
  }

  /** Whoever had it, if this instance has not, would not get through with its commit: the broker makes sure of that. */
  settleFirst(delivery: KafkaDelivery): Promise<boolean> {
    if (this.#closing.signal.aborted || (!this.#isRevoked && !this.#offsets.holds(delivery))) {
      this.#letGo(delivery);
      return Promise.resolve(false);
    }
    delivery.state = 'done';
    const settled = this.#confirmations.add(delivery);
    void this.#commits.now();
    return settled;
  }

  async isOurs(delivery: KafkaDelivery): Promise<boolean> {
    // While the group changes it is nobody's, and may be ours again.
    while ((this.#isInDoubt || this.#isRevoked) && !this.#isStopped) await this.#aMoment();
    if (this.#offsets.holds(delivery) && !this.#isInDoubt) return true;
    this.#letGo(delivery);
    return false;
  }

  async bury(delivery: KafkaDelivery, why: DeadReason): Promise<void> {
    if (delivery.state === 'done') return;
    await this.#endOfDoubt();
    if (this.#offsets.holds(delivery) && this.#consumer?.isMember === true) {
      await this.#setup.bury(delivery, why);
      this.settle(delivery);
    } else this.#letGo(delivery);
  }

  /** It was taken away: whoever has it now decides, and so do we if it comes back. */
  #letGo(delivery: KafkaDelivery): void {
    if (delivery.state === 'dropped') return;
    delivery.state = 'dropped';
    this.#confirmations.end(delivery, false);
    this.#release(delivery);
  }

  /**
   * A process that was stopped for longer than a session may find its partitions with others, who have handled what it still has:
   * it neither begins with that nor gives it up before it has heard from the group.
   */
  get #isInDoubt(): boolean {
    return this.#consumer?.isMember === false && !this.#closing.signal.aborted;
  }

  async #endOfDoubt(): Promise<void> {
    while (this.#isInDoubt) await this.#aMoment();
  }

  #aMoment(): Promise<void> {
    return sleep(doubtInterval, undefined, this.#closing).catch(() => undefined);
  }

  #room(): number {
    return this.#isInDoubt ? 0 : this.#setup.receiver.room();
  }

  async #whenRoom(): Promise<void> {
    await this.#endOfDoubt();
    await this.#setup.receiver.whenRoom();
  }

  #hand(delivery: KafkaDelivery): void {
    delivery.state = 'open';
    let envelope: Envelope | Refused | undefined;
    try {
      envelope = this.#setup.read(delivery);
    } catch (thrown) {
      envelope = { kind: 'refused', id: undefined, reason: RpcException.from(thrown) };
    }
    if (envelope === undefined) this.settle(delivery);
    else if (envelope.kind === 'refused') void this.#refuse(delivery, envelope);
    else this.#setup.receiver.receive(envelope, delivery);
  }

  async #refuse(delivery: KafkaDelivery, refused: Refused): Promise<void> {
    const isRefused = await untilDone(
      () => this.#setup.refuse(delivery, refused),
      this.#closing.signal,
      (thrown) => {
        this.#setup.warn('a message that cannot be read could not be put into the dead letters; trying again', thrown);
      },
    );
    // If not, it comes again.
    if (isRefused) this.settle(delivery);
  }

  /** It is not held any more; the next of its lane gets its turn. */
  #release(delivery: KafkaDelivery): void {
    this.#load.remove(delivery);
    if (!this.#isStopped) this.#line.next(delivery.lane);
    if (this.#isPaused && this.#load.isHalf) this.#resume();
    if (this.#settled !== undefined && !this.#offsets.isBusy) this.#settled();
  }

  /** Waits until core has nothing, at most so long. */
  #quiet(milliseconds: number): Promise<void> {
    if (!this.#offsets.isBusy) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settled?.(), milliseconds);
      this.#settled = () => {
        clearTimeout(timer);
        this.#settled = undefined;
        resolve();
      };
    });
  }

  /** What core does not have comes again, here or elsewhere. */
  #dropWaiting(): void {
    this.#line.clear();
    for (const delivery of this.#offsets.dropWaiting()) this.#load.remove(delivery);
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    for (const { topic, partition } of this.#offsets.partitions) this.#consumer?.pause(topic, partition);
  }

  #resume(): void {
    this.#isPaused = false;
    for (const { topic, partition } of this.#offsets.partitions) this.#consumer?.resume(topic, partition);
  }

  /** What is done and not committed. @returns false when it could not be. */
  async #commit(): Promise<boolean> {
    const progress = this.#offsets.toCommit();
    if (progress === undefined || this.#consumer === undefined) return true;
    const generation = this.#generation;
    try {
      await this.#consumer.commit(generation, progress.offsets);
    } catch {
      // Nothing is lost: the next commit says it all.
      return false;
    }
    for (const delivery of this.#confirmations.within(progress.offsets)) {
      this.#confirmations.end(delivery, true);
      this.#release(delivery);
    }
    if (generation === this.#generation) progress.committed();
    return true;
  }
}

/** What cannot be read, as the reason of a dead letter. */
export function refusedReason({ reason }: Refused): DeadReason {
  return { body: errorToWire(reason), attempts: 0 };
}
