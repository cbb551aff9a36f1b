import { ClientProxy, type ClientSetup } from '../../src/client/client-proxy.ts';
import { HandlerRegistry } from '../../src/registry/index.ts';
import type { FakeTransport } from './fake-transport.ts';
import { LogBook } from './log-book.ts';

/** A client as the host would make it, with the log that it writes. */
export function clientOf(
  transport: FakeTransport,
  setup: Partial<ClientSetup> = {},
): { readonly client: ClientProxy; readonly logger: LogBook } {
  const logger = new LogBook();
  const client = new ClientProxy({
    name: 'main',
    transport,
    interceptors: [],
    serverInterceptors: [],
    logger,
    registry: new HandlerRegistry(),
    ...setup,
  });
  return { client, logger };
}
