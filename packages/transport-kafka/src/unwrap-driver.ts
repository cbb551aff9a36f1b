import { type Class, RpcCode, RpcException } from '@parley/core/transport';
import type { KafkaDriver } from './driver/index.ts';
import { Kafka, KafkaAdmin, KafkaConsumer, KafkaProducer } from './kafka-objects.ts';

/** @throws TypeError for a class that there is nothing of; RpcException 503 when it does not run. */
export function unwrapDriver<T>(driver: KafkaDriver | undefined, type: Class<T>): T {
  const object = find(driver, type);
  if (object instanceof type) return object;
  throw new RpcException(`There is no ${type.name} now: nothing is connected, or no group is joined`, {
    code: RpcCode.Unavailable,
  });
}

/** Looked up one by one: the driver makes what is asked for. */
function find(driver: KafkaDriver | undefined, type: Class<unknown>): object | undefined {
  switch (type) {
    case Kafka:
      return driver?.objects.client;
    case KafkaProducer:
      return driver?.objects.producer;
    case KafkaAdmin:
      return driver?.objects.admin;
    case KafkaConsumer:
      return driver?.objects.consumers[0];
    default:
      throw new TypeError(
        `The Kafka transport has no ${type.name}: it gives Kafka, KafkaProducer, KafkaConsumer and KafkaAdmin`,
      );
  }
}
