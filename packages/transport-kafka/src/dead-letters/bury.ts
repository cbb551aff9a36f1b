import { type DeadReason, RpcCode, RpcException } from '@parley/core/transport';
import type { KafkaDelivery } from '../intake/kafka-delivery.ts';
import type { Station } from '../link/station.ts';
import type { TopicNames } from '../names/topic-names.ts';
import { Outgoing, type Place } from '../post/outgoing.ts';
import type { RecordContent } from '../wire/write-record.ts';
import { withoutContent, writeLetter } from './write-letter.ts';

/** Puts deliveries of a group among the dead letters of their topic. What it gives resolves when all replicas in sync have the letter. */
export function burier(
  station: Station,
  names: TopicNames,
  group: string,
): (delivery: KafkaDelivery, why: DeadReason) => Promise<void> {
  const { letters } = station.posts;
  const post = (topic: string, content: RecordContent, place: Place): Promise<void> =>
    new Promise((resolve, reject) => {
      const letter = new Outgoing(content, place, (reason) => {
        if (reason === undefined) resolve();
        else reject(reason);
      });
      void letters.add(letters.queue(topic, 'deadLetters'), letter);
    });
  return async (delivery, why) => {
    const topic = names.deadLetters(delivery.topic);
    const content = writeLetter(delivery, group, why, Date.now());
    try {
      await post(topic, content, { key: delivery.record.key });
    } catch (thrown) {
      if (RpcException.from(thrown).code !== RpcCode.PayloadTooLarge) throw thrown;
      const place = `${delivery.topic}/${delivery.partition} at ${delivery.record.offset}`;
      station.warn(`an event is too large for ${topic}, which says only where it was: ${place}`, thrown);
      // It would be in the way of all others of its key, for ever.
      await post(topic, withoutContent(content), {});
    }
  };
}
