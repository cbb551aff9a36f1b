import type { Provider } from '@needle-di/core';
import type { ClientInterceptor } from '../client/index.ts';
import { consoleLogger, isLogger, type Logger, loggerRule, type ServerInterceptor } from '../dispatch/index.ts';
import { isFunctions, OptionReader, type TransportFactory } from '../seam/index.ts';
import { isMicroservicesProvider, type MicroservicesProvider } from './provide-microservices.ts';

/** Anything that a `@needle-di/core` container binds, and `provideMicroservices`; nested lists are flattened. */
export type HostProvider = Provider<unknown> | MicroservicesProvider | readonly HostProvider[];

export interface HostOptions {
  /** Classes with `@Controller()`; made by the container, so that they can `inject`. */
  readonly controllers?: readonly (new () => object)[] | undefined;
  readonly providers?: readonly HostProvider[] | undefined;
  /** The transports that entries may name, such as `[tcp]`. Parley's own are also found when they are installed. */
  readonly transports?: readonly TransportFactory[] | undefined;
  readonly interceptors?:
    | {
        /** Around every handler, the first outermost. */
        readonly server?: readonly ServerInterceptor[] | undefined;
        /** Around every call of the host's clients, the first outermost. */
        readonly client?: readonly ClientInterceptor[] | undefined;
      }
    | undefined;
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger | undefined;
  /** Milliseconds to wait in `start()` for a broker that is down. Default 10 000; 0: one try. */
  readonly startTimeout?: number | undefined;
}

export interface ResolvedHostOptions {
  readonly controllers: readonly (new () => object)[];
  readonly providers: readonly (Provider<unknown> | MicroservicesProvider)[];
  readonly transports: readonly TransportFactory[];
  readonly serverInterceptors: readonly ServerInterceptor[];
  readonly clientInterceptors: readonly ClientInterceptor[];
  readonly logger: Logger;
  readonly startTimeout: number;
}

/** @throws RpcException 400 naming the option that is wrong. */
export function resolveHostOptions(options: HostOptions): ResolvedHostOptions {
  const names = ['controllers', 'providers', 'transports', 'interceptors', 'logger', 'startTimeout'] as const;
  const read = new OptionReader('createMicroservices', options, names);
  for (const name of ['controllers', 'providers', 'transports'] as const) {
    if (options[name] !== undefined && !Array.isArray(options[name])) throw read.error(name, 'must be an array');
  }
  const { server = [], client = [] } = options.interceptors ?? {};
  const readInterceptors = new OptionReader('createMicroservices: interceptors', options.interceptors, [
    'server',
    'client',
  ]);
  for (const [name, list] of [
    ['server', server],
    ['client', client],
  ] as const) {
    if (!isFunctions(list)) throw readInterceptors.error(name, 'must be an array of functions');
  }
  if (
    options.transports?.some((factory) => typeof factory !== 'function' || typeof factory.transport !== 'string') ===
    true
  ) {
    throw read.error('transports', 'must hold the functions of transports, such as tcp');
  }
  if (options.logger !== undefined && !isLogger(options.logger)) {
    throw read.error('logger', loggerRule);
  }
  const providers = ((options.providers ?? []) as readonly unknown[]).flat(Number.POSITIVE_INFINITY);
  if (!providers.every(isProvider)) {
    throw read.error(
      'providers',
      'must hold classes, { provide, … } and provideMicroservices(…), nothing undefined (do two files import each other?)',
    );
  }
  return {
    controllers: options.controllers ?? [],
    providers: providers as ResolvedHostOptions['providers'],
    transports: options.transports ?? [],
    serverInterceptors: server,
    clientInterceptors: client,
    logger: options.logger ?? consoleLogger,
    startTimeout: read.milliseconds('startTimeout', { default: 10_000 }),
  };
}

function isProvider(provider: unknown): boolean {
  if (typeof provider === 'function' || isMicroservicesProvider(provider)) return true;
  return typeof provider === 'object' && provider !== null && 'provide' in provider && provider.provide !== undefined;
}
