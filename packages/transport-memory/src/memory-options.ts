import { type EndpointOptions, endpointOptionNames, OptionReader } from '@parley/core/transport';
import { MemoryBroker } from './memory-broker.ts';

/** What `memory({ … })` takes, besides the options of every transport. */
export interface MemoryOptions extends EndpointOptions {
  /** Where the two sides meet; required. Two brokers are two worlds: nothing passes between them. */
  readonly broker: MemoryBroker;
  /** Instances of one group share its messages and events. Default: `default`. */
  readonly group?: string | undefined;
  /** What the instance is called in the broker, followed by a number. Default: the group of a server, `client` for a client. */
  readonly name?: string | undefined;
  /** The largest body in bytes; a larger one is refused with 413. Default 16 MiB. */
  readonly maxBody?: number | undefined;
}

export interface ResolvedMemoryOptions {
  readonly broker: MemoryBroker;
  readonly group: string;
  readonly name: string | undefined;
  readonly maxBody: number;
}

const names = ['broker', 'group', 'name', 'maxBody', ...endpointOptionNames] as const;

/** @throws RpcException 400 naming the option that is wrong. */
export function resolveMemoryOptions(options: MemoryOptions): ResolvedMemoryOptions {
  const read = new OptionReader<MemoryOptions>('memory', options, names);
  if (!(options.broker instanceof MemoryBroker)) {
    throw read.error('broker', 'must be a MemoryBroker, the same for all who are to reach each other');
  }
  return Object.freeze({
    broker: options.broker,
    group: read.string('group') ?? 'default',
    name: read.string('name'),
    maxBody: read.integer('maxBody', { default: 16 * 1024 * 1024, min: 1 }),
  });
}
