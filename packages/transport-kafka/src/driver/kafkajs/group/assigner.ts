import {
  AssignerProtocol,
  type Cluster,
  type GroupMember,
  type GroupMemberAssignment,
  type PartitionAssigner,
} from 'kafkajs';

/** The name and the wire form of kafkajs's own, so that members of both kinds can be in a group. */
const name = 'RoundRobinAssigner';
const version = 0;

/**
 * Round robin over the members that subscribe to a topic. kafkajs's own gives topics to members that do not subscribe to
 * them, where nobody reads them, as long as a service with new handlers is rolled out.
 */
export const assigner: PartitionAssigner = ({ cluster }) => ({
  name,
  version,
  protocol: ({ topics }) => ({
    name,
    metadata: AssignerProtocol.MemberMetadata.encode({ version, topics, userData: Buffer.alloc(0) }),
  }),
  assign: ({ members }) => assign(cluster, members),
});

async function assign(cluster: Cluster, members: readonly GroupMember[]): Promise<GroupMemberAssignment[]> {
  const subscribers = new Map<string, string[]>();
  for (const { memberId, topics } of members.map(subscriptionOf).sort((a, b) => (a.memberId < b.memberId ? -1 : 1))) {
    for (const topic of topics) {
      const those = subscribers.get(topic);
      if (those === undefined) subscribers.set(topic, [memberId]);
      else those.push(memberId);
    }
  }
  // What only others subscribe to has to be known as well.
  await cluster.addMultipleTargetTopics([...subscribers.keys()]);
  const assignments = new Map<string, Record<string, number[]>>(members.map(({ memberId }) => [memberId, {}]));
  let turn = 0;
  for (const [topic, those] of [...subscribers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const { partitionId } of cluster.findTopicPartitionMetadata(topic)) {
      const assignment = assignments.get(those[turn++ % those.length] ?? '');
      if (assignment !== undefined) (assignment[topic] ??= []).push(partitionId);
    }
  }
  return [...assignments].map(([memberId, assignment]) => ({
    memberId,
    memberAssignment: AssignerProtocol.MemberAssignment.encode({ version, assignment, userData: Buffer.alloc(0) }),
  }));
}

function subscriptionOf({ memberId, memberMetadata }: GroupMember): { memberId: string; topics: readonly string[] } {
  return { memberId, topics: AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [] };
}
