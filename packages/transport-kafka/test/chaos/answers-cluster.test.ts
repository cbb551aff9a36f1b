import { until } from '@parley/brokers/shared';
import { describe, expect, it } from 'vitest';
import { replies, survives } from './answers.ts';
import { adminOfTest, kafkaOfTest } from './places.ts';

describe('answers are heard in a cluster of three, though', { timeout: 180_000 }, () => {
  const options = { topics: { replication: 3 } };

  it('the leader of their partitions is killed', async () => {
    const broker = await kafkaOfTest({ nodes: 3 });
    const admin = await adminOfTest(broker);
    await survives(broker, options, async () => {
      const [leader, ...others] = await until('all partitions to be led', async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [replies] });
        const leaders = topics[0]?.partitions.map((partition) => partition.leader) ?? [];
        return leaders.every((node) => node >= 0) && leaders;
      });
      // Other partitions have other leaders: some clients have lost theirs, and some have not.
      expect(others.every((other) => other === leader)).toBe(false);
      await broker.kill(leader);
    });
  });

  it('all three are restarted, one after the other', async () => {
    const broker = await kafkaOfTest({ nodes: 3 });
    const admin = await adminOfTest(broker);
    const inSync = async (): Promise<boolean> => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [replies, 'question.rpc'] });
      return topics.every(({ partitions }) => partitions.every(({ isr }) => isr.length === 3));
    };
    await survives(broker, options, async () => {
      for (const node of [0, 1, 2]) {
        await until('all replicas to be in sync', inSync);
        await broker.restart(node);
      }
    });
  });
});
