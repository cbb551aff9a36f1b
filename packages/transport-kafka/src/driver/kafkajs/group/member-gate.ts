import kafkajs, { type Broker, type EachBatchPayload } from 'kafkajs';
import type { TopicPartition } from '../../driver.ts';
import type { GroupMemberHost } from './group-member.ts';
import type { Member } from './membership.ts';

const { KafkaJSNonRetriableError } = kafkajs;

/**
 * One member's way to its host. Shut when the member is over: kafkajs may go on for a while (it joins again while it is told
 * to stop), and what it says then would be taken for that of the member that is in its place by now.
 */
export class MemberGate implements GroupMemberHost {
  readonly #host: GroupMemberHost;
  #isShut = false;

  constructor(host: GroupMemberHost) {
    this.#host = host;
  }

  get groupId(): string {
    return this.#host.groupId;
  }

  shut(): void {
    this.#isShut = true;
  }

  rememberedId(): string {
    return this.#host.rememberedId();
  }

  forgetId(memberId: string): void {
    this.#host.forgetId(memberId);
  }

  async joining(): Promise<void> {
    this.#check();
    await this.#host.joining();
    this.#check();
  }

  async joined(
    member: Member,
    coordinator: Broker,
    partitions: readonly TopicPartition[],
    since: number,
  ): Promise<void> {
    this.#check();
    await this.#host.joined(member, coordinator, partitions, since);
  }

  confirmed(generationId: number, since: number): void {
    if (!this.#isShut) this.#host.confirmed(generationId, since);
  }

  evicted(generationId: number): void {
    if (!this.#isShut) this.#host.evicted(generationId);
  }

  batch(payload: EachBatchPayload): void {
    if (!this.#isShut) this.#host.batch(payload);
  }

  ready(): void {
    if (!this.#isShut) this.#host.ready();
  }

  #check(): void {
    if (this.#isShut) throw memberIsOver();
  }
}

/** It ends what kafkajs tries, and is not tried again. */
export function memberIsOver(): Error {
  return new KafkaJSNonRetriableError('this member of the group is over');
}
