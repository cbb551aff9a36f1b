import { ExternalKafka } from './external-kafka.ts';
import { findKafka } from './find-kafka.ts';
import type { KafkaBroker } from './kafka-broker.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { LocalKafka } from './local-kafka.ts';

/**
 * A private Kafka on 127.0.0.1, which answers when it resolves; or the one of KAFKA_BROKERS, where that is set. Close it:
 * it keeps this process alive, and does not outlive it.
 *
 * @throws Error with its log if it does not start, or with how to get one if there is none.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  const { KAFKA_BROKERS } = process.env;
  if (KAFKA_BROKERS !== undefined && KAFKA_BROKERS !== '') return ExternalKafka.start(KAFKA_BROKERS, options);
  return LocalKafka.start(await findKafka(), options);
}
