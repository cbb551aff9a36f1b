import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Cluster } from 'kafkajs';
import type { TopicPartition, TopicPartitionOffset } from '../../driver.ts';
import { backoffDelay } from '../backoff.ts';
import { kindOf } from '../errors.ts';
import { byTopic } from './membership.ts';

/** What brokers say of partitions that were made, or have moved, a moment ago. */
const unsettled: ReadonlySet<string> = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);
/** Some seconds. */
const maxAttempts = 12;

/** Where a member begins. */
export interface FirstPositions {
  /** In all of its partitions. */
  readonly all: readonly TopicPartitionOffset[];
  /** Of those, where the group has no offset yet: to be committed. */
  readonly missing: readonly TopicPartitionOffset[];
}

/**
 * Where to begin in partitions in which the group has no offset yet. kafkajs looks that up anew whenever it has to, so that
 * whatever was written between two looks is never read (2046 of 6210 requests in a test with rebalances); these are
 * committed before anything is read.
 *
 * A partition of a topic that the group reads already (`isRead`, or it has offsets in other partitions) is new, or its offset is
 * gone: there it begins at the beginning, whatever `fromBeginning` says of topics that are new to the group.
 */
export async function firstPositions(
  cluster: Cluster,
  coordinator: Broker,
  groupId: string,
  assigned: readonly TopicPartition[],
  fromBeginning: boolean,
  isRead: (topic: string) => boolean,
): Promise<FirstPositions> {
  if (assigned.length === 0) return { all: [], missing: [] };
  const topics = [...new Set(assigned.map(({ topic }) => topic))];
  await cluster.addMultipleTargetTopics(topics);
  const all = topics.flatMap((topic) => {
    const known = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
    const ours = assigned.filter((one) => one.topic === topic).map(({ partition }) => partition);
    return [...new Set([...known, ...ours])].map((partition) => ({ topic, partition }));
  });
  const { responses } = await coordinator.offsetFetch({ groupId, topics: byTopic(all) as never });
  const committed = new Map(
    responses.map(({ topic, partitions }) => [
      topic,
      new Map(
        partitions.filter(({ offset }) => Number(offset) >= 0).map(({ partition, offset }) => [partition, offset]),
      ),
    ]),
  );
  const found: Promise<TopicPartitionOffset[]>[] = [];
  for (const { topic, partitions } of byTopic(assigned)) {
    const having = committed.get(topic) ?? new Map<number, string>();
    const missing = partitions.filter(({ partition }) => !having.has(partition));
    const begin = fromBeginning || having.size > 0 || isRead(topic);
    if (missing.length > 0) found.push(offsetsOf(cluster, topic, missing, begin));
  }
  const missing = (await Promise.all(found)).flat();
  const others = assigned.flatMap(({ topic, partition }) => {
    const offset = committed.get(topic)?.get(partition);
    return offset === undefined ? [] : [{ topic, partition, offset }];
  });
  return { all: [...others, ...missing], missing };
}

async function offsetsOf(
  cluster: Cluster,
  topic: string,
  partitions: { partition: number }[],
  fromBeginning: boolean,
): Promise<TopicPartitionOffset[]> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await askOffsets(cluster, topic, partitions, fromBeginning);
    } catch (error) {
      if (!unsettled.has(kindOf(error)) || attempt >= maxAttempts) throw error;
    }
    await sleep(backoffDelay(attempt));
    await cluster.refreshMetadata();
  }
}

async function askOffsets(
  cluster: Cluster,
  topic: string,
  partitions: { partition: number }[],
  fromBeginning: boolean,
): Promise<TopicPartitionOffset[]> {
  const metadata = cluster.findTopicPartitionMetadata(topic);
  const leads = ({ partition }: { partition: number }): boolean =>
    metadata.some(({ partitionId, leader }) => partitionId === partition && leader >= 0);
  const reachable = partitions.filter(leads);
  const [found] =
    reachable.length === 0 ? [] : await cluster.fetchTopicsOffset([{ topic, partitions: reachable, fromBeginning }]);
  const known = (found?.partitions ?? []).map(({ partition, offset }) => ({ topic, partition, offset }));
  // Without a leader nobody can tell: from its beginning, rather than miss something or wait for it with all others.
  const others = partitions.filter((one) => !leads(one)).map(({ partition }) => ({ topic, partition, offset: '0' }));
  return [...known, ...others];
}
