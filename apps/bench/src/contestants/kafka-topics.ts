import { until } from '@parley/brokers/shared';
import { Kafka, logLevel } from 'kafkajs';

/** Milliseconds within which new topics have leaders; a broker that has just been started takes a second or two. */
const patience = 20_000;

/** With one partition each, so that events come in order and a consumer that is alone gets all. */
export async function createTopics(broker: string, topics: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      // It fails where the broker has not heard of a new topic from its controller yet.
      waitForLeaders: false,
      topics: topics.map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })),
    });
    // Asks the leader of each partition, until it knows that it is.
    const ask = () => Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)));
    await until('leaders of the new topics', ask, { timeout: patience, every: 50 });
  } finally {
    await admin.disconnect();
  }
}
