import type { Broker } from 'kafkajs';
import type { TopicPartitionOffset } from '../../driver.ts';
import type { Member } from './membership.ts';

/** From joining to the next rebalance: what it was given, and whether the group still counts it in. */
export class Generation implements Member {
  /** Ours, which never repeats; `generationId` is the group's. */
  readonly number: number;
  readonly memberId: string;
  readonly generationId: number;
  readonly partitions: readonly TopicPartitionOffset[];
  /** As it is now: it may move to another broker. */
  coordinator: Broker;
  #isEvicted = false;
  #confirmedAt: number;

  /** @param confirmedAt by `performance.now()`, when the request began by which it has joined. */
  constructor(
    number: number,
    member: Member,
    partitions: readonly TopicPartitionOffset[],
    coordinator: Broker,
    confirmedAt: number,
  ) {
    this.number = number;
    this.memberId = member.memberId;
    this.generationId = member.generationId;
    this.partitions = partitions;
    this.coordinator = coordinator;
    this.#confirmedAt = confirmedAt;
  }

  get isEvicted(): boolean {
    return this.#isEvicted;
  }

  evicted(): void {
    this.#isEvicted = true;
  }

  /** The coordinator has answered as to a member, to a request that began at `since`. */
  confirmed(since: number): void {
    this.#confirmedAt = since;
  }

  /** Has the group said within `sessionTimeout` ms that it counts this one in, and nothing else since? */
  isMember(sessionTimeout: number): boolean {
    return !this.#isEvicted && performance.now() - this.#confirmedAt < sessionTimeout;
  }
}
