import { type AddressInfo, Server, Socket } from 'node:net';
import { BaseClient, type BaseTransporter, type Class, type Hub, type Transport } from '@parley/core/transport';
import { describeTransport, type World, type WorldOptions } from '@parley/testing/conformance';
import { tcp } from '../src/index.ts';
import { Proxy } from './proxy.ts';

/** A client whose way leads through a proxy, whose port is known only when it listens. */
class ProxiedClient extends BaseClient {
  readonly #proxy: Proxy;
  readonly #options: WorldOptions;
  readonly #prepare: (proxy: Proxy) => Promise<void>;
  #client: BaseClient | undefined;

  /** @param prepare gives the proxy its port. */
  constructor(proxy: Proxy, options: WorldOptions, prepare: (proxy: Proxy) => Promise<void>) {
    super();
    this.#proxy = proxy;
    this.#options = options;
    this.#prepare = prepare;
  }

  async connect(hub: Hub): Promise<void> {
    if (this.#proxy.port === 0) await this.#prepare(this.#proxy);
    this.#client = tcp({ ...this.#options, port: this.#proxy.port }).createClient();
    await this.#client.connect(hub);
  }

  async close(timeout: number): Promise<void> {
    await this.#client?.close(timeout);
  }

  unwrap<T>(type: Class<T>): T {
    if (this.#client === undefined) throw new TypeError('not connected');
    return this.#client.unwrap(type);
  }
}

/** Servers on ports of their own; each client reaches its server through a proxy of its own, which can be cut. */
class TcpWorld implements World {
  /** By who is behind them: the client, and the server, whose port is known when it listens. */
  readonly #proxies: { readonly proxy: Proxy; readonly client: Transport; readonly port: number }[] = [];
  #isStopped = false;
  readonly #servers = new Map<Transport, BaseTransporter>();

  server({ group: _, ...options }: WorldOptions = {}): Transport {
    const inner = tcp({ ...options, port: 0 });
    const transport: Transport = {
      ...inner,
      createTransporter: () => {
        const transporter = inner.createTransporter();
        this.#servers.set(transport, transporter);
        return transporter;
      },
    };
    return transport;
  }

  client(to: BaseTransporter | undefined, { group: _, ...options }: WorldOptions = {}): Transport {
    const port = to === undefined ? 0 : portOf(to);
    const proxy = new Proxy(port);
    const prepare = async () => {
      await proxy.open();
      if (this.#isStopped) proxy.cut();
    };
    const transport = { ...tcp(options), createClient: () => new ProxiedClient(proxy, options, prepare) };
    this.#proxies.push({ proxy, client: transport, port });
    return transport;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { proxy } of this.#used()) proxy.cut();
  }

  async restart(): Promise<void> {
    this.#isStopped = false;
    for (const { proxy } of this.#used()) await proxy.open();
  }

  /** What others see of it: its connections break, and nobody is there. */
  async crash(transport: Transport): Promise<void> {
    const server = this.#servers.get(transport);
    const port = server === undefined ? undefined : portOf(server);
    for (const { proxy, client, port: target } of this.#used())
      if (client === transport || target === port) proxy.cut();
  }

  async close(): Promise<void> {
    for (const { proxy } of this.#used()) await proxy.close();
  }

  #used() {
    return this.#proxies.filter(({ proxy }) => proxy.port !== 0);
  }
}

function portOf(transporter: BaseTransporter): number {
  return (transporter.unwrap(Server).address() as AddressInfo).port;
}

describeTransport({
  name: 'tcp',
  create: () => new TcpWorld(),
  unwraps: { server: [Server], client: [Socket] },
  supports: {
    wildcards: true,
    order: true,
    durableEvents: false,
    deadLetters: false,
    groups: false,
    takeover: false,
    countsDeliveries: false,
    broadcast: false,
    nobodyListens: '503',
    noHandler: '404',
    peerCalls: true,
    restart: true,
    crash: true,
    waitsForRoom: false,
  },
});
