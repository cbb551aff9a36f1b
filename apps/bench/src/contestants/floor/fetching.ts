import type { Broker, Cluster, Kafka, Message as Record } from 'kafkajs';

/** kafkajs's form of the answer to a Fetch. */
interface Fetched {
  readonly responses: readonly {
    readonly partitions: readonly { readonly messages: readonly (Record & { readonly offset: string })[] }[];
  }[];
}

export interface Fetching {
  close(): Promise<void>;
}

const maxBytes = 4 * 1024 * 1024;

/**
 * Fetches from partition 0 of a new topic, one Fetch after the other, without a group: what a consumer of kafkajs does for its
 * group between two Fetches is no part of a floor. With it Parley, whose clients read without a group, was faster at one caller.
 */
export async function fetchAll(kafka: Kafka, topic: string, each: (record: Record) => void): Promise<Fetching> {
  const cluster = clusterOf(kafka);
  await cluster.connect();
  await cluster.addTargetTopic(topic);
  const [nodeId = ''] = Object.keys(cluster.findLeaderForPartitions(topic, [0]));
  const broker = await cluster.findBroker({ nodeId });
  const loop = fetchOn(broker, topic, each);
  // It ends with the connection, and then the Fetch that waits is refused.
  const ended = loop.catch(() => undefined);
  return {
    async close() {
      await cluster.disconnect();
      await ended;
    },
  };
}

async function fetchOn(broker: Broker, topic: string, each: (record: Record) => void): Promise<never> {
  let position = 0;
  for (;;) {
    const partitions = [{ partition: 0, fetchOffset: String(position), maxBytes }];
    const { responses } = (await broker.fetch({
      maxWaitTime: 100,
      minBytes: 1,
      maxBytes,
      isolationLevel: 0,
      topics: [{ topic, partitions }],
    })) as Fetched;
    for (const record of responses[0]?.partitions[0]?.messages ?? []) {
      const offset = Number(record.offset);
      // A Fetch brings whole batches.
      if (offset < position) continue;
      position = offset + 1;
      each(record);
    }
  }
}

/** The only public way to the cluster of a client: the assigners of a consumer are given it. The consumer is never used. */
function clusterOf(kafka: Kafka): Cluster {
  let found: Cluster | undefined;
  kafka.consumer({
    groupId: 'unused',
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return {
          name: 'none',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  if (found === undefined) throw new Error('kafkajs gave no cluster');
  return found;
}
