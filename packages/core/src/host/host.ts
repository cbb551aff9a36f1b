import { Container, type Token } from '@needle-di/core';
import { ClientProxy } from '../client/index.ts';
import { checkController, controllerRecords } from '../decorators/index.ts';
import { WarningLog, within } from '../dispatch/index.ts';
import { messageOf, RpcCode, RpcException } from '../errors/index.ts';
import type { AnyEventContract, AnyMessageContract, Pattern } from '../patterns/index.ts';
import {
  type AnyHandler,
  type ContextOf,
  createRecord,
  type EventHandlerOptions,
  type HandlerData,
  type HandlerFunction,
  HandlerRegistry,
  type HandlerReply,
  type MessageHandlerOptions,
} from '../registry/index.ts';
import { type BaseTransporter, closeTimeout, type Transport } from '../seam/index.ts';
import { ServerEndpoint } from '../transporter/index.ts';
import { findTransport } from './find-transport.ts';
import { type HostHealth, healthOf } from './health.ts';
import type { ResolvedHostOptions } from './host-options.ts';
import { entriesOf, isMicroservicesProvider, type MicroserviceEntry, tokenName } from './provide-microservices.ts';
import { TokenBook } from './token-book.ts';

/** Ties controllers, transporters and clients together, and starts and stops them. Made by `createMicroservices`. */
export class Host {
  readonly #options: ResolvedHostOptions;
  readonly #entries: readonly MicroserviceEntry[];
  readonly #container = new Container();
  readonly #registry = new HandlerRegistry();
  readonly #servers = new Map<string, ServerEndpoint>();
  readonly #clients = new Map<string, ClientProxy>();
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  /** @throws RpcException 409 for a token that is used twice, 400 for a class that is no controller. */
  constructor(options: ResolvedHostOptions) {
    this.#options = options;
    const tokens = new TokenBook();
    const names = new TokenBook();
    const controllers = new TokenBook();
    this.#entries = options.providers.filter(isMicroservicesProvider).flatMap(entriesOf);
    for (const { token } of this.#entries) {
      tokens.claim(token, 'an entry of provideMicroservices');
      names.claim(tokenName(token), 'an entry of provideMicroservices');
      controllers.claim(token, 'an entry of provideMicroservices');
    }
    for (const provider of options.providers) {
      if (isMicroservicesProvider(provider)) continue;
      tokens.claimProvider(provider);
      this.#container.bind(provider);
    }
    for (const controller of options.controllers) {
      checkController(controller);
      controllers.claim(controller, 'an entry of "controllers"');
      if (!this.#container.has(controller)) this.#container.bind(controller);
    }
  }

  /**
   * A message handler without decorators, called with `(data, ctx)`. Before `start()`.
   *
   * @throws RpcException 400 for a bad pattern or option, 409 when the pattern has a handler already.
   */
  message<Contract extends AnyMessageContract, Name extends string = string>(
    contract: Contract,
    handler: (data: HandlerData<Contract>, context: ContextOf<Name>) => HandlerReply<Contract>,
    options?: MessageHandlerOptions<Name>,
  ): this;
  /** With a bare pattern, whose payload nobody has checked, the handler says itself what it takes. */
  message<Data = unknown, Name extends string = string>(
    pattern: Pattern,
    handler: (data: Data, context: ContextOf<Name>) => unknown,
    options?: MessageHandlerOptions<Name>,
  ): this;
  message(target: Pattern | AnyMessageContract, handler: AnyHandler, options: MessageHandlerOptions = {}): this {
    return this.#add('message', target, handler, options);
  }

  /** An event handler without decorators. Before `start()`. @throws RpcException 400 for a bad pattern or option. */
  event<Contract extends AnyEventContract, Name extends string = string>(
    contract: Contract,
    handler: (data: HandlerData<Contract>, context: ContextOf<Name>) => unknown,
    options?: EventHandlerOptions<Name>,
  ): this;
  /** With a bare pattern the handler says itself what it takes. */
  event<Data = unknown, Name extends string = string>(
    pattern: Pattern,
    handler: (data: Data, context: ContextOf<Name>) => unknown,
    options?: EventHandlerOptions<Name>,
  ): this;
  event(target: Pattern | AnyEventContract, handler: AnyHandler, options: EventHandlerOptions = {}): this {
    return this.#add('event', target, handler, options);
  }

  /**
   * Makes the controllers and listens on every entry. Resolves when messages are taken everywhere.
   *
   * @throws RpcException when the configuration is wrong, or a transport cannot listen; what had been started is closed
   *   again. A host starts once.
   */
  start(): Promise<void> {
    if (this.#closed !== undefined)
      return Promise.reject(new RpcException('The host is closed', { code: RpcCode.Unavailable }));
    this.#started ??= this.#start();
    return this.#started;
  }

  /**
   * Stops: takes nothing new, lets handlers finish, answers, disconnects; clients last, since handlers may need them.
   * Idempotent.
   *
   * @param options.timeout milliseconds for all of it; handlers that have not finished by then are cancelled.
   *   Default 10 000; `Infinity`: as long as it takes.
   * @throws RpcException 400 for a timeout that is none.
   */
  close(options: { readonly timeout?: number | undefined } = {}): Promise<void> {
    const timeout = closeTimeout(options);
    this.#closed ??= this.#close(timeout);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What the container has under a token: a `ClientProxy` under an entry's. After `start()`. */
  get<T>(token: Token<T>): T {
    if (this.#started === undefined) throw notStarted('get');
    return this.#container.get(token);
  }

  /** The server side of an entry; its `unwrap` gives the driver's own object. After `start()`. */
  transporter(token: Token<unknown>): BaseTransporter {
    const server = this.#servers.get(tokenName(token));
    if (server !== undefined) return server.transporter;
    if (this.#started === undefined) throw notStarted('transporter');
    throw new RpcException(`No entry ${JSON.stringify(tokenName(token))} listens`, { code: RpcCode.BadRequest });
  }

  /** The state of every entry, by token. */
  health(): HostHealth {
    return healthOf(this.#servers, this.#clients);
  }

  #add(
    kind: 'message' | 'event',
    target: Pattern | AnyMessageContract | AnyEventContract,
    handler: AnyHandler,
    options: EventHandlerOptions,
  ): this {
    if (this.#started !== undefined) {
      throw new RpcException('Handlers are added before the host is started', { code: RpcCode.Conflict });
    }
    if (typeof handler !== 'function')
      throw new RpcException(`A handler must be a function, got ${typeof handler}`, { code: RpcCode.BadRequest });
    this.#registry.add(createRecord({ kind, target, options, name: handler.name, handle: handler as HandlerFunction }));
    return this;
  }

  async #start(): Promise<void> {
    try {
      const entries = await Promise.all(
        this.#entries.map(async (entry) => ({
          entry,
          transport: await findTransport(entry.options, this.#options.transports),
        })),
      );
      if (this.#closed !== undefined) throw new RpcException('The host was closed', { code: RpcCode.Unavailable });
      for (const { entry, transport } of entries) if (entry.client !== false) this.#addClient(entry, transport);
      for (const controller of this.#options.controllers) {
        for (const record of controllerRecords(this.#make(controller))) this.#registry.add(record);
      }
      for (const { entry, transport } of entries) if (entry.listen !== false) this.#addServer(entry, transport);
      this.#warnOfIdleHandlers(entries);
      await this.#listen();
    } catch (thrown) {
      // Who is closing the host already waits for this very promise.
      if (this.#closed === undefined) await (this.#closed = this.#closeAll(0));
      throw thrown;
    }
  }

  #make(controller: new () => object): object {
    try {
      return this.#container.get(controller);
    } catch (cause) {
      throw new RpcException(`The controller ${controller.name} cannot be made: ${messageOf(cause)}`, { cause });
    }
  }

  async #listen(): Promise<void> {
    const failures: unknown[] = [];
    const servers = [...this.#servers.values()];
    await Promise.all(
      servers.map((server) =>
        server.start(this.#options.startTimeout).catch((error: unknown) => {
          failures.push(error);
          // The others need not try any longer.
          for (const other of servers) other.stopStarting();
        }),
      ),
    );
    if (failures.length > 0) throw failures[0];
  }

  #addClient({ token }: MicroserviceEntry, transport: Transport): void {
    const name = tokenName(token);
    const { clientInterceptors: interceptors, serverInterceptors, logger } = this.#options;
    const client = new ClientProxy({
      name,
      transport,
      interceptors,
      serverInterceptors,
      logger,
      registry: this.#registry,
    });
    this.#clients.set(name, client);
    this.#container.bind({ provide: token, useValue: client });
  }

  #addServer({ token }: MicroserviceEntry, transport: Transport): void {
    const name = tokenName(token);
    const { serverInterceptors: interceptors, logger } = this.#options;
    this.#servers.set(name, new ServerEndpoint({ name, transport, registry: this.#registry, interceptors, logger }));
  }

  #warnOfIdleHandlers(entries: readonly { readonly entry: MicroserviceEntry; readonly transport: Transport }[]): void {
    const serving = entries.filter(
      ({ entry, transport }) => entry.listen !== false || (entry.client !== false && transport.endpoint.serve),
    );
    const log = new WarningLog(this.#options.logger, 'host');
    for (const [name, handlers] of this.#registry.limitedTo()) {
      if (serving.some(({ transport }) => transport.transport === name)) continue;
      log.warn(`no entry serves the transport "${name}", which these handlers are limited to: ${handlers.join(', ')}`);
    }
  }

  async #close(timeout: number): Promise<void> {
    const until = performance.now() + timeout;
    for (const server of this.#servers.values()) server.stopStarting();
    await within(timeout, this.#started?.catch(() => undefined) ?? Promise.resolve());
    await this.#closeAll(Math.max(0, until - performance.now()));
  }

  async #closeAll(timeout: number): Promise<void> {
    const until = performance.now() + timeout;
    const left = (reserved = 0) => Math.max(0, until - reserved - performance.now());
    const servers = [...this.#servers.values()];
    await Promise.all(servers.map((server) => server.pause(left())));
    // What handlers that are cut off answer must still get out.
    const flushing = Math.min(1000, timeout / 10);
    await Promise.all(servers.map((server) => server.finish(left(flushing))));
    await Promise.all(servers.map((server) => server.close(left())));
    await Promise.all([...this.#clients.values()].map((client) => client.close({ timeout: left() })));
  }
}

function notStarted(method: string): RpcException {
  return new RpcException(`host.${method}() works after host.start()`, { code: RpcCode.Unavailable });
}
