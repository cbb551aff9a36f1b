import {
  type ClientProxy,
  createClient,
  createMicroservices,
  type Host,
  type HostOptions,
  provideMicroservices,
  type ServerInterceptor,
} from '@parley/core';
import { MemoryBroker, type MemoryOptions, memory } from '@parley/transport-memory';
import { type RecordedHandler, recordCalls } from './record-calls.ts';

type Token = Parameters<typeof provideMicroservices>[0][number]['token'];

export interface TestHostOptions extends HostOptions {
  /** Adds handlers without decorators: `(host) => host.message('echo', (data) => data)`. */
  readonly handlers?: (host: Host) => unknown;
  /** What the application injects its clients by. All of them lead to the one broker. Default: `['main']`. */
  readonly tokens?: readonly Token[];
  /** Options of the memory transport, of the host and of the client alike. */
  readonly options?: Omit<MemoryOptions, 'broker'>;
  /** Default: a broker of its own. Give one to let two test hosts see each other. */
  readonly broker?: MemoryBroker;
}

/** A started application, and what a test needs around it. Close it, or let `await using` do so. */
export interface TestHost extends AsyncDisposable {
  readonly host: Host;
  /** A client outside of the application, as its callers have. */
  readonly client: ClientProxy;
  /** Cuts connections, crashes instances, holds dead letters. */
  readonly broker: MemoryBroker;
  /** Every message and event that came to a handler, before validation; for {@link waitForCall}. */
  readonly received: RecordedHandler;
  /** Stops the client, then the application. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts an application's controllers on a private broker, in the process: no ports, no network.
 *
 * ```ts
 * await using app = await testHost({ controllers: [UsersController] });
 * expect(await app.client.send(GetUsers, { page: 1 })).toHaveLength(10);
 * ```
 *
 * @throws RpcException as `createMicroservices` and `host.start()` do.
 */
export async function testHost(options: TestHostOptions = {}): Promise<TestHost> {
  const { handlers, tokens = ['main'], options: memoryOptions, broker = new MemoryBroker(), ...hostOptions } = options;
  const transport = memory({ ...memoryOptions, broker });
  const received = recordCalls();
  const record: ServerInterceptor = (call, next) => {
    received(call.data, call.context);
    return next();
  };
  const host = createMicroservices({
    ...hostOptions,
    interceptors: { ...hostOptions.interceptors, server: [record, ...(hostOptions.interceptors?.server ?? [])] },
    providers: [
      ...(hostOptions.providers ?? []),
      // One instance serves; the other tokens are only ways to reach it.
      provideMicroservices(tokens.map((token, index) => ({ token, options: transport, listen: index === 0 }))),
    ],
  });
  handlers?.(host);
  await host.start();
  const client = createClient(transport, { name: 'test', ...(options.logger && { logger: options.logger }) });
  const close = async () => {
    await client.close();
    await host.close();
  };
  return { host, client, broker, received, close, [Symbol.asyncDispose]: close };
}
