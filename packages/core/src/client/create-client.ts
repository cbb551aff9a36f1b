import { consoleLogger, isLogger, type Logger, loggerRule, type ServerInterceptor } from '../dispatch/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import { HandlerRegistry } from '../registry/index.ts';
import { isFunctions, OptionReader, type Transport } from '../seam/index.ts';
import type { ClientInterceptor } from './client-interceptor.ts';
import { ClientProxy } from './client-proxy.ts';

export interface ClientOptions {
  /** For errors and logs. Default: the transport's name. */
  readonly name?: string | undefined;
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger | undefined;
  readonly interceptors?: readonly ClientInterceptor[] | undefined;
}

const noServerInterceptors: readonly ServerInterceptor[] = [];

/**
 * A client without a host, for scripts and tests: `const users = createClient(tcp({ port: 8888 }))`. Close it when done.
 *
 * @throws RpcException 400 naming the option that is wrong.
 */
export function createClient(transport: Transport, options: ClientOptions = {}): ClientProxy {
  if (typeof transport !== 'object' || transport === null || typeof transport.createClient !== 'function') {
    throw new RpcException('createClient: the first argument must be a transport, such as tcp({ port: 8888 })', {
      code: RpcCode.BadRequest,
    });
  }
  const read = new OptionReader('createClient', options, ['name', 'logger', 'interceptors']);
  const { interceptors = [], logger = consoleLogger } = options;
  if (!isLogger(logger)) throw read.error('logger', loggerRule);
  if (!isFunctions(interceptors)) throw read.error('interceptors', 'must be an array of functions');
  return new ClientProxy({
    name: read.string('name') ?? transport.transport,
    transport,
    interceptors,
    serverInterceptors: noServerInterceptors,
    logger,
    registry: new HandlerRegistry(),
  });
}
