import { connect } from 'node:net';
import { type Broker, type Cluster, Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { stopIdleTimers } from './idle-kafkajs.ts';

/** Without what kafkajs does when there is nothing to do, and without Nagle's algorithm, which it leaves on. */
export function openKafka(broker: string, options?: Partial<KafkaConfig>): Kafka {
  stopIdleTimers();
  return new Kafka({
    ...options,
    brokers: [broker],
    clientId: 'floor',
    logLevel: logLevel.NOTHING,
    socketFactory: ({ host, port, onConnect }) => connect({ host, port, noDelay: true }, onConnect),
  });
}

export interface Leader {
  readonly broker: Broker;
  close(): Promise<void>;
}

/** The broker that leads partition 0 of a topic, over connections of their own: a broker answers one request after the other. */
export async function leaderOf(kafka: Kafka, topic: string): Promise<Leader> {
  const cluster = clusterOf(kafka);
  await cluster.connect();
  await cluster.addTargetTopic(topic);
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [0]));
  if (nodeId === undefined) throw new Error(`the topic ${topic} has no leader`);
  const broker = await cluster.findBroker({ nodeId });
  return { broker, close: () => cluster.disconnect() };
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
