import { until } from '@parley/brokers/shared';
import { describe, expect, it } from 'vitest';
import { replies, survives } from './answers.ts';
import { adminOfTest, kafkaOfTest } from './places.ts';

// A question that is lost takes its 20 s.
describe('answers are heard, or their questions refused, though', () => {
  it('the broker is restarted', async () => {
    const broker = await kafkaOfTest();
    await survives(broker, {}, () => broker.restart());
  });

  it('the broker is killed', async () => {
    const broker = await kafkaOfTest();
    await survives(broker, {}, async () => {
      await broker.kill();
      await broker.start();
    });
  });

  it('partitions are added to their topic, and to that of the questions', async () => {
    const broker = await kafkaOfTest();
    const admin = await adminOfTest(broker);
    const { ended, asked } = await survives(broker, {}, async () => {
      const topicPartitions = [replies, 'question.rpc'].map((topic) => ({ topic, count: 20 }));
      await admin.createPartitions({ topicPartitions });
    });
    expect(ended).toEqual({ own: asked });
  });

  it('their topic is deleted and made anew', async () => {
    const broker = await kafkaOfTest();
    const admin = await adminOfTest(broker);
    await survives(broker, {}, async () => {
      await admin.deleteTopics({ topics: [replies] });
      await until('the topic to be there again', async () => (await admin.listTopics()).includes(replies));
    });
  });
});
