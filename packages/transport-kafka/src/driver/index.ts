export type * from './driver.ts';
export { type KafkaJsOptions, type KafkaJsSettings, openKafkaJs } from './kafkajs/index.ts';
