import { consoleLogger, type Logger, type ServerInterceptor } from '../dispatch/index.ts';
import { HandlerRegistry } from '../registry/index.ts';
import type { Transport } from '../seam/index.ts';
import type { ClientInterceptor } from './client-interceptor.ts';
import { ClientProxy } from './client-proxy.ts';

export interface ClientOptions {
  /** For errors and logs. Default: the transport's name. */
  readonly name?: string;
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger;
  readonly interceptors?: readonly ClientInterceptor[];
}

const noServerInterceptors: readonly ServerInterceptor[] = [];

/**
 * A client without a host, for scripts and tests: `const users = createClient(tcp({ port: 8888 }))`. Close it when done.
 */
export function createClient(transport: Transport, options: ClientOptions = {}): ClientProxy {
  return new ClientProxy({
    name: options.name ?? transport.transport,
    transport,
    interceptors: options.interceptors ?? [],
    serverInterceptors: noServerInterceptors,
    logger: options.logger ?? consoleLogger,
    registry: new HandlerRegistry(),
  });
}
