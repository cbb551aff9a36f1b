import type { DeadReason } from '@parley/core/transport';
import type { KafkaDelivery } from '../intake/kafka-delivery.ts';
import type { Station } from '../link/station.ts';
import type { TopicNames } from '../names/topic-names.ts';
import { Outgoing } from '../post/outgoing.ts';
import { writeLetter } from './write-letter.ts';

/** Puts deliveries of a group among the dead letters of their topic. What it gives resolves when all replicas in sync have the letter. */
export function burier(
  station: Station,
  names: TopicNames,
  group: string,
): (delivery: KafkaDelivery, why: DeadReason) => Promise<void> {
  const { letters } = station.posts;
  return (delivery, why) =>
    new Promise((resolve, reject) => {
      const queue = letters.queue(names.deadLetters(delivery.topic), 'deadLetters');
      const content = writeLetter(delivery, group, why, Date.now());
      const letter = new Outgoing(content, { key: delivery.record.key }, (reason) => {
        if (reason === undefined) resolve();
        else reject(reason);
      });
      void letters.add(queue, letter);
    });
}
