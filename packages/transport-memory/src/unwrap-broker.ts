import type { Class } from '@parley/core/transport';
import type { MemoryBroker } from './memory-broker.ts';

/** The broker is all that there is to unwrap. @throws TypeError for any class that it is no instance of. */
export function unwrapBroker<T>(broker: MemoryBroker, type: Class<T>): T {
  if (broker instanceof type) return broker;
  throw new TypeError(`The memory transport has no ${type.name}, only a MemoryBroker`);
}
