import type { TransportFactory } from '@parley/core';
import { defineTransport } from '@parley/core/transport';
import { MemoryClient } from './memory-client.ts';
import type { MemoryContext } from './memory-context.ts';
import { type MemoryOptions, resolveMemoryOptions } from './memory-options.ts';
import { MemoryTransporter } from './memory-transporter.ts';

export type { DeadLetter } from './dead-letters.ts';
export { MemoryBroker } from './memory-broker.ts';
export { MemoryClient } from './memory-client.ts';
export { MemoryContext } from './memory-context.ts';
export type { MemoryOptions } from './memory-options.ts';
export { MemoryTransporter } from './memory-transporter.ts';

/**
 * The transport that stays in the process: `memory({ broker })`, with a {@link MemoryBroker} that both sides are given.
 * It behaves as a message broker does, so what passes on it passes on Redis streams and Kafka.
 *
 * @throws RpcException 400 naming the option that is wrong.
 */
export const memory: TransportFactory<MemoryOptions> = defineTransport('memory', (options: MemoryOptions) => {
  const resolved = resolveMemoryOptions(options);
  return {
    createTransporter: () => new MemoryTransporter(resolved),
    createClient: () => new MemoryClient(resolved),
  };
});

declare module '@parley/core' {
  interface TransportOptions {
    memory: MemoryOptions;
  }
  interface TransportContexts {
    memory: MemoryContext;
  }
}
