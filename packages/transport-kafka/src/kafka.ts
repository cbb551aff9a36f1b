import type { TransportFactory } from '@parley/core';
import { defineTransport, Transports } from '@parley/core/transport';
import { KafkaClient } from './kafka-client.ts';
import { type KafkaOptions, resolveKafkaOptions } from './kafka-options.ts';
import { KafkaTransporter } from './kafka-transporter.ts';

/**
 * Apache Kafka: `kafka({ brokers: ['127.0.0.1:9092'], group: 'users' })`. A message goes to one instance of each group, and to
 * another one if that dies; an event at least once to each group, in order per key.
 *
 * Handlers at once (`concurrency`) are 256 by default: what is fetched beyond that waits.
 *
 * @throws RpcException 400 naming the option that is wrong.
 */
export const kafka: TransportFactory<KafkaOptions> = defineTransport<KafkaOptions>(Transports.KAFKA, (options) => {
  const resolved = resolveKafkaOptions(options);
  return {
    defaults: { concurrency: 256 },
    createTransporter: () => new KafkaTransporter(resolved),
    createClient: () => new KafkaClient(resolved),
  };
});
