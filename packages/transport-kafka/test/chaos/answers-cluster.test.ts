import { until } from '@parley/brokers/shared';
import { describe, expect, it } from 'vitest';
import { replies, survives } from './answers.ts';
import { adminOfTest, kafkaOfTest } from './places.ts';

describe('answers are heard in a cluster of three, though', { timeout: 90_000 }, () => {
  const options = { topics: { replication: 3 } };

  it('the leader of their partitions is killed', async () => {
    const broker = await kafkaOfTest({ nodes: 3 });
    const admin = await adminOfTest(broker);
    await survives(broker, options, async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [replies] });
      const leaders = topics[0]?.partitions.map(({ leader }) => leader) ?? [];
      expect(new Set(leaders).size).toBe(3);
      await broker.kill(leaders[0]);
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
