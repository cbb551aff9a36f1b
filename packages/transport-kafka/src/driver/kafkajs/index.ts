export type { KafkaJsOptions, KafkaJsSettings } from './kafkajs-options.ts';
export { openKafkaJs } from './open-kafkajs.ts';
