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

/** The two sides of a transport with certain options. */
export interface TransportSides extends Pick<Transport, 'createTransporter' | 'createClient'> {
  /** Where this transport's defaults differ from those of {@link EndpointOptions}. */
  readonly defaults?: Partial<EndpointOptions> | undefined;
}

/**
 * Makes the function that a transport package exports.
 *
 * @param name the transport's name, in lower case; the package `@parley/transport-<name>` is looked up by it.
 * @param create reads the transport's own options, at once, and says how to make its two sides.
 */
export function defineTransport<Options extends EndpointOptions>(
  name: string,
  create: (options: Options) => TransportSides,
): TransportFactory<Options> {
  const factory = (options: Options = {} as Options): Transport => {
    const endpoint = resolveEndpointOptions(name, options);
    const { defaults, createTransporter, createClient } = create(options);
    return {
      transport: name,
      endpoint: defaults === undefined ? endpoint : resolveEndpointOptions(name, withDefaults(options, defaults)),
      createTransporter,
      createClient,
    };
  };
  return Object.assign(factory, { transport: name });
}

/** An option that is given as `undefined` is not given. */
function withDefaults(options: EndpointOptions, defaults: Partial<EndpointOptions>): EndpointOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}
