import type { KafkaContext } from './kafka-context.ts';
import type { KafkaOptions } from './kafka-options.ts';

declare module '@parley/core' {
  interface TransportOptions {
    kafka: KafkaOptions;
  }
  interface TransportContexts {
    kafka: KafkaContext;
  }
}

export type { KafkaDeadLetter } from './dead-letters/dead-letter.ts';
export { type KafkaDeadLetters, kafkaDeadLetters } from './dead-letters/kafka-dead-letters.ts';
export type { Compression, DriverRecord as KafkaRecord } from './driver/index.ts';
export { kafka } from './kafka.ts';
export { KafkaClient } from './kafka-client.ts';
export { KafkaContext } from './kafka-context.ts';
export { Kafka, KafkaAdmin, KafkaConsumer, KafkaProducer } from './kafka-objects.ts';
export type { KafkaOptions } from './kafka-options.ts';
export { KafkaTransporter } from './kafka-transporter.ts';
export type { SaslOptions } from './options/connection-options.ts';
export type { TopicOptions } from './options/topic-options.ts';
