import type { TopicSpec } from '../driver/driver.ts';
import type { ResolvedKafkaOptions } from '../kafka-options.ts';

/** What a topic is for. */
export type TopicKind = 'events' | 'requests' | 'replies' | 'control' | 'deadLetters';

/** Of a record beside its body: 8 KiB of headers, the head, and what Kafka adds. */
const overhead = 32_768;
/** Of a dead letter: where it comes from, and why it is dead. */
const letterOverhead = 65_536;
/** `message.max.bytes` where nobody changed it. */
const kafkaDefault = 1_048_588;

/** How a topic is made that does not exist yet. */
export function topicSpec(topic: string, kind: TopicKind, { topics, maxBody }: ResolvedKafkaOptions): TopicSpec {
  const { partitions, replication } = topics;
  const largest = maxBody + overhead + (kind === 'deadLetters' ? letterOverhead : 0);
  const size = largest > kafkaDefault ? { 'max.message.bytes': String(largest) } : {};
  switch (kind) {
    case 'events':
      return {
        topic,
        partitions,
        replication,
        config: { ...size, ...retention(topics.eventRetention), ...topics.config },
      };
    case 'requests':
      return { topic, partitions, replication, config: { ...size, ...passing(topics.requestRetention) } };
    case 'replies':
      return { topic, partitions, replication, config: { ...size, ...passing(topics.replyRetention) } };
    case 'control':
      return { topic, partitions: 1, replication, config: passing(topics.replyRetention) };
    case 'deadLetters':
      return { topic, partitions: 1, replication, config: { ...size, ...retention(topics.deadLetterRetention) } };
  }
}

function retention(milliseconds: number | undefined): Readonly<Record<string, string>> {
  return milliseconds === undefined ? {} : { 'retention.ms': String(milliseconds) };
}

/**
 * For what nobody wants any more soon. By the broker's clock, so that it can say how long something has waited; in segments
 * that are soon full, since Kafka deletes whole ones only.
 */
function passing(milliseconds: number): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': 'delete',
    'message.timestamp.type': 'LogAppendTime',
    'retention.ms': String(milliseconds),
    'segment.ms': String(milliseconds),
    'segment.bytes': String(128 * 1_048_576),
  };
}
