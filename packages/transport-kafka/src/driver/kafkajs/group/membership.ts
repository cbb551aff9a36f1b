import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { AssignerProtocol, type Broker, type Cluster } from 'kafkajs';
import type { TopicPartition, TopicPartitionOffset } from '../../driver.ts';
import { backoffDelay } from '../backoff.ts';
import type { InnerBroker } from '../connection/internals.ts';
import { kindOf } from '../errors.ts';
import { findCoordinator } from './find-coordinator.ts';

const { KafkaJSNonRetriableError } = kafkajs;

/** Some seconds. */
const loadAttempts = 10;

/** Who a member is to the coordinator of its group. */
export interface Member {
  readonly memberId: string;
  readonly generationId: number;
}

/** What the coordinator's answers are told to, so that what kafkajs has no hook for can be done. */
export interface MembershipHost {
  readonly groupId: string;
  /** A member that joins again under its old id does not make the group wait for that one's end. */
  rememberedId(): string;
  forgetId(): void;
  /** Before it joins (again): nothing is fetched any more, the old generation still holds. A rejection ends the consumer. */
  joining(): Promise<void>;
  /** It has joined, by a request that began at `since` (`performance.now()`), and nothing is fetched yet. */
  joined(member: Member, coordinator: Broker, partitions: readonly TopicPartition[], since: number): Promise<void>;
  /** The coordinator has answered as to a member, to a request that began at `since`. */
  confirmed(since: number): void;
  /** The coordinator does not count us in any more. */
  evicted(): void;
}

/** The coordinator's broker as it is. */
export type FindCoordinator = () => Promise<Broker>;

/**
 * Comes between kafkajs's consumer and the coordinator of its group: kafkajs asks its cluster for the coordinator before each
 * join, and gets a broker that tells what passes through. Changes only the given object.
 */
export function watchMembership(cluster: Cluster, host: MembershipHost): FindCoordinator {
  const find = cluster.findGroupCoordinator.bind(cluster);
  cluster.findGroupCoordinator = async (group) => {
    await host.joining();
    return watched((await findCoordinator(cluster, () => find(group), host.groupId)) as InnerBroker, host);
  };
  return () => find({ groupId: host.groupId });
}

function watched(broker: InnerBroker, host: MembershipHost): Broker {
  const coordinator = Object.create(broker) as InnerBroker;
  let generationId = -1;
  coordinator.joinGroup = async (request) => {
    for (let attempt = 0; ; attempt++) {
      const memberId =
        request.memberId === undefined || request.memberId === '' ? host.rememberedId() : request.memberId;
      try {
        const joined = await broker.joinGroup({ ...request, memberId });
        generationId = joined.generationId;
        return joined;
      } catch (error) {
        if (kindOf(error) === 'UNKNOWN_MEMBER_ID') host.forgetId();
        // The first group of a broker that has just started meets this, and ends kafkajs's consumer.
        if (kindOf(error) !== 'GROUP_LOAD_IN_PROGRESS' || attempt >= loadAttempts) throw error;
      }
      await sleep(backoffDelay(attempt));
    }
  };
  coordinator.syncGroup = async (request) => {
    const since = performance.now();
    const synced = await broker.syncGroup(request);
    const member = { memberId: request.memberId, generationId };
    try {
      await host.joined(member, broker, partitionsOf(synced.memberAssignment), since);
    } catch (error) {
      // Thrown on, one that may heal would have kafkajs fetch under an assignment that nobody was told of, for ever.
      throw isRetriable(error) ? Object.assign(new KafkaJSNonRetriableError(error), { cause: error }) : error;
    }
    return synced;
  };
  coordinator.heartbeat = async (request) => {
    const since = performance.now();
    try {
      const answer = await broker.heartbeat(request);
      host.confirmed(since);
      return answer;
    } catch (error) {
      if (kindOf(error) === 'UNKNOWN_MEMBER_ID') host.forgetId();
      if (kindOf(error) === 'UNKNOWN_MEMBER_ID' || kindOf(error) === 'ILLEGAL_GENERATION') host.evicted();
      throw error;
    }
  };
  // It leaves when its host does: kafkajs leaves when it crashes, too, and not when it is stopped while it joins.
  coordinator.leaveGroup = () => Promise.resolve(undefined);
  return coordinator;
}

/** For kafkajs; but with another coordinator it joins again. */
function isRetriable(error: unknown): error is Error {
  if (!(error instanceof Error) || kindOf(error) === 'NOT_COORDINATOR_FOR_GROUP') return false;
  return 'retriable' in error && error.retriable === true;
}

function partitionsOf(assignment: Buffer): TopicPartition[] {
  const decoded = AssignerProtocol.MemberAssignment.decode(assignment)?.assignment ?? {};
  return Object.entries(decoded).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

/** By topic, as Kafka's protocol has them. */
export function byTopic<T extends TopicPartition>(
  list: readonly T[],
): { topic: string; partitions: Omit<T, 'topic'>[] }[] {
  const topics = new Map<string, Omit<T, 'topic'>[]>();
  for (const { topic, ...rest } of list) {
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [rest]);
    else partitions.push(rest);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

/** So that the others take over at once. */
export async function leaveAs(member: Member, groupId: string, coordinator: Broker): Promise<void> {
  await (coordinator as InnerBroker).leaveGroup({ groupId, memberId: member.memberId });
}

/** Stores offsets as `member` of its generation: of an older one the coordinator takes none. */
export async function commitAs(
  member: Member,
  groupId: string,
  coordinator: Broker,
  offsets: readonly TopicPartitionOffset[],
): Promise<void> {
  await coordinator.offsetCommit({
    groupId,
    groupGenerationId: member.generationId,
    memberId: member.memberId,
    topics: byTopic(offsets) as Parameters<Broker['offsetCommit']>[0]['topics'],
  });
}
