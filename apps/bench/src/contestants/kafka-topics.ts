import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';

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
    const deadline = Date.now() + patience;
    for (const topic of topics) await waitForLeader(admin, topic, deadline);
  } finally {
    await admin.disconnect();
  }
}

/** Asks the leader of its partition, until it knows that it is. */
async function waitForLeader(admin: Admin, topic: string, deadline: number): Promise<void> {
  for (;;) {
    try {
      await admin.fetchTopicOffsets(topic);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
