import { type Class, RpcCode, RpcException } from '@parley/core/transport';
import type { KafkaDriver } from './driver/index.ts';
import { Kafka, KafkaAdmin, KafkaConsumer, KafkaProducer } from './kafka-objects.ts';

const known: readonly Class<unknown>[] = [Kafka, KafkaProducer, KafkaConsumer, KafkaAdmin];

/** @throws TypeError for a class that there is nothing of; RpcException 503 when it does not run. */
export function unwrapDriver<T>(driver: KafkaDriver | undefined, type: Class<T>): T {
  if (!known.includes(type)) {
    throw new TypeError(
      `The Kafka transport has no ${type.name}: it gives Kafka, KafkaProducer, KafkaConsumer and KafkaAdmin`,
    );
  }
  const { client, producer, admin, consumers = [] } = driver?.objects ?? {};
  const found = [client, producer, admin, ...consumers].find((object) => object instanceof type);
  if (found !== undefined) return found as T;
  throw new RpcException(`There is no ${type.name} now: nothing is connected, or no group is joined`, {
    code: RpcCode.Unavailable,
  });
}
