import { type ClientProxy, createClient, createMicroservices, type Host, provideMicroservices } from '@parley/core';
import type { BaseTransporter, Transport } from '@parley/core/transport';
import { LogBook } from './log-book.ts';
import type { ConformanceSubject, World, WorldOptions } from './subject.ts';
import { until } from './until.ts';

/** A host that listens. */
export interface Service {
  readonly host: Host;
  readonly transport: Transport;
  readonly log: LogBook;
  /** Handlers that run, as the host tells. */
  handling(): number;
  /** A client of this very service. */
  client(options?: WorldOptions): ClientProxy;
}

/** A client, and the transport that it was made from. */
export interface Caller {
  readonly client: ClientProxy;
  readonly transport: Transport;
}

/** The token of the stage's services. */
const token = 'service';

/** Where a theme's tests play: starts services and clients in one world, and takes down what each test has put up. */
export class Stage {
  readonly subject: ConformanceSubject;
  readonly world: World;
  /** Everything that is up, in the order in which it came. */
  readonly #up: { readonly close: () => Promise<void>; readonly busy: () => number; readonly what: string }[] = [];
  #kept = 0;
  /** The service that clients reach unless they are told otherwise: the first one that is up. */
  #main: BaseTransporter | undefined;

  private constructor(subject: ConformanceSubject, world: World) {
    this.subject = subject;
    this.world = world;
  }

  static async open(subject: ConformanceSubject): Promise<Stage> {
    return new Stage(subject, await subject.create());
  }

  get patience(): number {
    return this.subject.patience ?? 10_000;
  }

  /** `count`, as far as the subject can bear it. */
  scaled(count: number): number {
    return Math.max(1, Math.round(count * (this.subject.scale ?? 1)));
  }

  until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    return until(condition, what, this.patience);
  }

  /** Starts a service with the handlers that `define` gives it. */
  async service(define: (host: Host) => unknown, options?: WorldOptions): Promise<Service> {
    const transport = this.world.server(options);
    const log = new LogBook();
    const host = createMicroservices({
      providers: [provideMicroservices([{ token, options: transport, client: false }])],
      logger: log,
    });
    define(host);
    const handling = () => host.health()[token]?.transporter?.handling ?? 0;
    this.#up.push({ close: () => host.close({ timeout: 2000 }), busy: handling, what: 'handlers of the service' });
    await host.start();
    const transporter = host.transporter(token);
    this.#main ??= transporter;
    return {
      host,
      transport,
      log,
      handling,
      client: (clientOptions) => this.#caller(transporter, clientOptions).client,
    };
  }

  client(options?: WorldOptions): ClientProxy {
    return this.caller(options).client;
  }

  caller(options?: WorldOptions): Caller {
    return this.#caller(this.#main, options);
  }

  /** A host without a server, whose client serves its handlers to the other side. */
  async serving(define: (host: Host) => unknown, options?: WorldOptions): Promise<ClientProxy> {
    const transport = this.world.client(this.#main, { ...options, serve: true });
    const host = createMicroservices({
      providers: [provideMicroservices([{ token, options: transport, listen: false }])],
      logger: new LogBook(),
    });
    define(host);
    this.#up.push({ close: () => host.close({ timeout: 2000 }), busy: () => 0, what: 'the serving client' });
    await host.start();
    return host.get<ClientProxy>(token);
  }

  /** What is up now stays for all tests of the theme. */
  keep(): void {
    this.#kept = this.#up.length;
  }

  /** After each test: nothing may be pending or running, and what the test has put up is taken down. */
  async clear(): Promise<void> {
    for (const { busy, what } of this.#up) await this.until(() => busy() === 0, `no ${what} were left`);
    for (const { close } of this.#up.splice(this.#kept).reverse()) await close();
    if (this.#kept === 0) this.#main = undefined;
  }

  async close(): Promise<void> {
    for (const { close } of this.#up.splice(0).reverse()) await close();
    await this.world.close();
  }

  #caller(to: BaseTransporter | undefined, options?: WorldOptions): Caller {
    const transport = this.world.client(to, options);
    const client = createClient(transport, { logger: new LogBook() });
    this.#up.push({
      close: () => client.close({ timeout: 2000 }),
      busy: () => client.pending,
      what: 'calls of the client',
    });
    return { client, transport };
  }
}
