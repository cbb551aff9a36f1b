import type { Transport } from '@parley/core/transport';
import { MemoryBroker, memory } from '@parley/transport-memory';
import { describeTransport, type World, type WorldOptions } from '../src/conformance.ts';

function memoryWorld(): World {
  const broker = new MemoryBroker();
  /** By which the broker is told whom to crash. */
  const names = new Map<Transport, string>();
  const create = (options: WorldOptions = {}) => {
    const name = `instance-${names.size}`;
    const transport = memory({ ...options, broker, name });
    names.set(transport, name);
    return transport;
  };
  return {
    server: (options) => create(options),
    client: (_, options) => create(options),
    stop: async () => broker.disconnect(),
    restart: async () => broker.restore(),
    crash: async (transport) => broker.crash(names.get(transport) ?? ''),
    deadLetters: async () =>
      broker.deadLetters.map(({ message, error, attempts }) => ({ pattern: message.pattern, error, attempts })),
    close: () => Promise.resolve(),
  };
}

describeTransport({
  name: 'memory',
  create: memoryWorld,
  unwraps: { server: [MemoryBroker], client: [MemoryBroker] },
  supports: {
    wildcards: true,
    order: true,
    durableEvents: true,
    deadLetters: true,
    groups: true,
    takeover: true,
    countsDeliveries: true,
    broadcast: true,
    nobodyListens: '503',
    noHandler: '503',
    peerCalls: false,
    restart: true,
    crash: true,
    waitsForRoom: true,
  },
});
