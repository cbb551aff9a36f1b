import type { Class } from '@parley/core/transport';
import type { Admin, Consumer, Producer } from 'kafkajs';

export { Kafka } from 'kafkajs';

/*
 * For `unwrap`, which takes classes: of these kafkajs has only types to give. `unwrap(KafkaProducer)` is kafkajs's own
 * producer, typed as that, and `instanceof KafkaProducer` knows it. None of them can be made with `new`.
 */

/** kafkajs's producer. It connects itself when it is first used. */
export const KafkaProducer: Class<Producer> = objectsWith<Producer>('KafkaProducer', 'sendBatch');
/** kafkajs's consumer of a group; of a transporter only. A consumer that crashed is replaced by another. */
export const KafkaConsumer: Class<Consumer> = objectsWith<Consumer>('KafkaConsumer', 'commitOffsets');
/** kafkajs's admin client. It connects itself when it is first used. */
export const KafkaAdmin: Class<Admin> = objectsWith<Admin>('KafkaAdmin', 'createTopics');

/** A class that has all objects with this method as its instances. */
function objectsWith<T>(name: string, method: keyof T & string): Class<T> {
  abstract class Token {
    static [Symbol.hasInstance](value: unknown): boolean {
      return typeof value === 'object' && value !== null && method in value;
    }
  }
  Object.defineProperty(Token, 'name', { value: name });
  return Token as unknown as Class<T>;
}
