import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@parley/core/transport';
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
  /** The coordinator does not know it any more. */
  forgetId(memberId: string): void;
  /** Before it joins (again): nothing is fetched any more, the old generation still holds. A rejection ends the consumer. */
  joining(): Promise<void>;
  /** It has joined, by a request that began at `since` (`performance.now()`), and nothing is fetched yet. */
  joined(member: Member, coordinator: Broker, partitions: readonly TopicPartition[], since: number): Promise<void>;
  /** The coordinator has answered as to a member of this generation, to a request that began at `since`. */
  confirmed(generationId: number, since: number): void;
  /** The coordinator does not count us in as a member of this generation any more. */
  evicted(generationId: number): void;
}

export interface Membership {
  /** The coordinator's broker as it is. */
  findCoordinator(): Promise<Broker>;
  /** kafkajs has joined, and fetches. */
  ready(): void;
}

/**
 * Comes between kafkajs's consumer and the coordinator of its group: kafkajs asks its cluster for the coordinator before each
 * join, and gets a broker that tells what passes through. Changes only the given object.
 *
 * A join that fails ends the consumer, unless kafkajs joins again by itself: otherwise it would go on fetching under an
 * assignment that nobody was told of, and its heartbeats would be answered, for ever.
 */
export function watchMembership(cluster: Cluster, host: MembershipHost): Membership {
  const find = cluster.findGroupCoordinator.bind(cluster);
  const refresh = cluster.refreshMetadata.bind(cluster);
  /** The coordinator has taken it in, and kafkajs looks at topics to share them out, or to find its own. */
  let isSharing = false;
  cluster.findGroupCoordinator = (group) =>
    orEnd(async () => {
      isSharing = false;
      await host.joining();
      const broker = (await findCoordinator(cluster, () => find(group), host.groupId)) as InnerBroker;
      return watched(broker, host, () => (isSharing = true));
    });
  cluster.refreshMetadata = () => (isSharing ? orEnd(refresh) : refresh());
  return {
    findCoordinator: () => find({ groupId: host.groupId }),
    ready: () => {
      isSharing = false;
    },
  };
}

function watched(broker: InnerBroker, host: MembershipHost, takenIn: () => void): Broker {
  const coordinator = Object.create(broker) as InnerBroker;
  let generationId = -1;
  coordinator.joinGroup = (request) =>
    orEnd(async () => {
      const joined = await join(broker, host, request);
      generationId = joined.generationId;
      takenIn();
      return joined;
    });
  coordinator.syncGroup = (request) =>
    orEnd(async () => {
      const since = performance.now();
      const synced = await broker.syncGroup(request);
      const member = { memberId: request.memberId, generationId };
      await host.joined(member, broker, partitionsOf(synced.memberAssignment), since);
      return synced;
    });
  coordinator.heartbeat = async (request) => {
    const since = performance.now();
    const { groupGenerationId, memberId } = request as Heartbeat;
    try {
      const answer = await broker.heartbeat(request);
      host.confirmed(groupGenerationId, since);
      return answer;
    } catch (error) {
      const kind = kindOf(error);
      if (kind === 'UNKNOWN_MEMBER_ID') host.forgetId(memberId);
      if (kind === 'UNKNOWN_MEMBER_ID' || kind === 'ILLEGAL_GENERATION') host.evicted(groupGenerationId);
      throw error;
    }
  };
  // It leaves when its host does: kafkajs leaves when it crashes, too, and not when it is stopped while it joins.
  coordinator.leaveGroup = () => Promise.resolve(undefined);
  return coordinator;
}

/** What kafkajs asks. */
interface Heartbeat {
  readonly groupGenerationId: number;
  readonly memberId: string;
}

type JoinRequest = Parameters<InnerBroker['joinGroup']>[0];
type JoinAnswer = Awaited<ReturnType<InnerBroker['joinGroup']>>;

async function join(broker: InnerBroker, host: MembershipHost, request: JoinRequest): Promise<JoinAnswer> {
  for (let attempt = 0; ; attempt++) {
    const memberId = request.memberId === undefined || request.memberId === '' ? host.rememberedId() : request.memberId;
    try {
      return await broker.joinGroup({ ...request, memberId });
    } catch (error) {
      if (kindOf(error) === 'UNKNOWN_MEMBER_ID') host.forgetId(memberId);
      // The first group of a broker that has just started meets this, and ends kafkajs's consumer.
      if (kindOf(error) !== 'GROUP_LOAD_IN_PROGRESS' || attempt >= loadAttempts) throw error;
    }
    await sleep(backoffDelay(attempt));
  }
}

/** What makes kafkajs join again, by the type of the very error that it is thrown. */
const joinsAgain: ReadonlySet<unknown> = new Set([
  'REBALANCE_IN_PROGRESS',
  'NOT_COORDINATOR_FOR_GROUP',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
]);

/** Whatever else goes wrong ends the consumer: what kafkajs takes for passing, it would try again without joining. */
async function orEnd<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (joinsAgain.has((error as { readonly type?: unknown } | undefined)?.type)) throw error;
    throw Object.assign(new KafkaJSNonRetriableError(messageOf(error)), { cause: error });
  }
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
