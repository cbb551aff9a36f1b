export type { KafkaJsOptions, KafkaJsSettings } from './connection/kafkajs-options.ts';
export { openKafkaJs } from './open-kafkajs.ts';
