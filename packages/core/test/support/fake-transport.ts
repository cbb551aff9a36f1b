import {
  BaseClient,
  BaseTransporter,
  type Class,
  type EndpointOptions,
  type Hub,
  type Receiver,
  type ResolvedEndpointOptions,
  resolveEndpointOptions,
  type Transport,
} from '../../src/seam/index.ts';
import { FakeLink } from './fake-link.ts';

/** The client side of a transport whose network is the test. */
export class FakeClient extends BaseClient {
  readonly links: { readonly link: FakeLink; readonly receiver: Receiver }[] = [];
  readonly closes: number[] = [];
  readonly #behave: ClientBehaviour;
  #hub: Hub | undefined;

  constructor(behave: ClientBehaviour) {
    super();
    this.#behave = behave;
  }

  get hub(): Hub {
    if (this.#hub === undefined) throw new Error('The client has not been told to connect');
    return this.#hub;
  }

  get link(): FakeLink {
    return this.at(0).link;
  }

  get receiver(): Receiver {
    return this.at(0).receiver;
  }

  at(index: number): { readonly link: FakeLink; readonly receiver: Receiver } {
    const there = this.links[index];
    if (there === undefined) throw new Error(`There is no link ${index}`);
    return there;
  }

  attach(link = new FakeLink()): Receiver {
    const receiver = this.hub.attach(link);
    this.links.push({ link, receiver });
    return receiver;
  }

  connect(hub: Hub): Promise<void> {
    this.#hub = hub;
    return this.#behave.connect(this);
  }

  close(timeout: number): Promise<void> {
    this.closes.push(timeout);
    return this.#behave.close?.(this) ?? Promise.resolve();
  }

  unwrap<T>(type: Class<T>): T {
    return unwrapFrom([this, ...this.links.map(({ link }) => link)], type);
  }
}

/** The server side of the same. */
export class FakeTransporter extends BaseTransporter {
  readonly log: string[] = [];
  readonly #behave: TransporterBehaviour;
  #hub: Hub | undefined;

  constructor(behave: TransporterBehaviour) {
    super();
    this.#behave = behave;
  }

  get hub(): Hub {
    if (this.#hub === undefined) throw new Error('The transporter has not been told to listen');
    return this.#hub;
  }

  listen(hub: Hub): Promise<void> {
    this.#hub = hub;
    this.log.push('listen');
    return this.#behave.listen?.(this) ?? Promise.resolve();
  }

  pause(): Promise<void> {
    this.log.push('pause');
    return this.#behave.pause?.(this) ?? Promise.resolve();
  }

  close(timeout: number): Promise<void> {
    this.log.push('close');
    return this.#behave.close?.(this, timeout) ?? Promise.resolve();
  }

  unwrap<T>(type: Class<T>): T {
    return unwrapFrom([this], type);
  }
}

export interface ClientBehaviour {
  connect(client: FakeClient): Promise<void>;
  close?(client: FakeClient): Promise<void>;
}

export interface TransporterBehaviour {
  listen?(transporter: FakeTransporter): Promise<void>;
  pause?(transporter: FakeTransporter): Promise<void>;
  close?(transporter: FakeTransporter, timeout: number): Promise<void>;
}

/** Attaches one link at once. */
export const connectsAtOnce: ClientBehaviour = {
  connect: async (client) => {
    client.attach();
  },
};

/** Goes on trying for ever; the test attaches links when it wants. */
export const connectsLater: ClientBehaviour = { connect: () => new Promise(() => undefined) };

export class FakeTransport implements Transport {
  readonly transport: string;
  readonly endpoint: ResolvedEndpointOptions;
  readonly clients: FakeClient[] = [];
  readonly transporters: FakeTransporter[] = [];
  clientBehaviour: ClientBehaviour = connectsAtOnce;
  transporterBehaviour: TransporterBehaviour = {};

  constructor(options: EndpointOptions = {}, name = 'fake') {
    this.transport = name;
    this.endpoint = resolveEndpointOptions(name, options);
  }

  createClient(): FakeClient {
    const client = new FakeClient(this.clientBehaviour);
    this.clients.push(client);
    return client;
  }

  createTransporter(): FakeTransporter {
    const transporter = new FakeTransporter(this.transporterBehaviour);
    this.transporters.push(transporter);
    return transporter;
  }

  /** The newest client. */
  get client(): FakeClient {
    const client = this.clients.at(-1);
    if (client === undefined) throw new Error('No client has been made');
    return client;
  }

  /** The newest transporter. */
  get transporter(): FakeTransporter {
    const transporter = this.transporters.at(-1);
    if (transporter === undefined) throw new Error('No transporter has been made');
    return transporter;
  }
}

function unwrapFrom<T>(objects: readonly object[], type: Class<T>): T {
  const found = objects.find((object) => object instanceof type);
  if (found === undefined) throw new TypeError(`There is no ${type.name} here`);
  return found as T;
}
