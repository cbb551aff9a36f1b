export type { KafkaBroker } from './kafka-broker.ts';
export type { KafkaOptions, KafkaSasl } from './kafka-options.ts';
export { startKafka } from './start-kafka.ts';
