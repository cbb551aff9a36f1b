import { type EndpointOptions, type ResolvedEndpointOptions, resolveEndpointOptions } from './endpoint-options.ts';
import type { BaseClient, BaseTransporter } from './seam.ts';

/** Names of transports. Any other string names a transport that is given in `createMicroservices({ transports })`. */
export const Transports = {
  TCP: 'tcp',
  REDIS: 'redis',
  KAFKA: 'kafka',
  MEMORY: 'memory',
} as const;

/** The options of each transport by its name: a transport package adds its own (`declare module '@parley/core'`). */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging.
export interface TransportOptions {}

/** The context class of each transport by its name: a transport package adds its own. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging.
export interface TransportContexts {}

/** A transport with its options: what `tcp({ port: 8888 })` gives. */
export interface Transport {
  /** The transport's name, as in {@link Transports}. */
  readonly transport: string;
  /** Core's part of the options. */
  readonly endpoint: ResolvedEndpointOptions;
  createTransporter(): BaseTransporter;
  createClient(): BaseClient;
}

/** The function that a transport package exports under the transport's name. */
export interface TransportFactory<Options extends EndpointOptions = EndpointOptions> {
  /** @throws RpcException 400 naming the option that is wrong. */
  (options?: Options): Transport;
  readonly transport: string;
}

/**
 * Makes the function that a transport package exports.
 *
 * @param name the transport's name, in lower case; the package `@parley/transport-<name>` is looked up by it.
 * @param create reads the transport's own options, at once, and says how to make its two sides.
 */
export function defineTransport<Options extends EndpointOptions>(
  name: string,
  create: (options: Options) => Pick<Transport, 'createTransporter' | 'createClient'>,
): TransportFactory<Options> {
  const factory = (options: Options = {} as Options): Transport => ({
    transport: name,
    endpoint: resolveEndpointOptions(name, options),
    ...create(options),
  });
  return Object.assign(factory, { transport: name });
}
