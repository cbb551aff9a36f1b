import type { BaseTransporter, Class, EndpointOptions, Transport } from '@parley/core/transport';

/** What a transport promises beyond what all must. The kit asks for nothing that is not named here. */
export interface Supports {
  /** Event handlers' patterns may hold `*`. */
  readonly wildcards: boolean;
  /** Events of one key arrive in the order in which they were emitted. */
  readonly order: boolean;
  /** A failed event is tried again, and one that nobody listens to yet is kept for a group that has been there. */
  readonly durableEvents: boolean;
  /** An event that failed for good is kept where `World.deadLetters` finds it. Asks for `durableEvents`. */
  readonly deadLetters: boolean;
  /** Several instances share the messages of a group, and its events. */
  readonly groups: boolean;
  /** An instance that dies leaves what it had to the others of its group. Asks for `groups` and `crash`. */
  readonly takeover: boolean;
  /** The broker counts how often it has delivered a message: `ctx.attempt` is 2 for who takes it over. Asks for `takeover`. */
  readonly countsDeliveries: boolean;
  /** Events for handlers with `broadcast` go to every instance. Asks for `groups`. */
  readonly broadcast: boolean;
  /** What a call to which no server is there gets: 503 at once, or it waits for one until its deadline. */
  readonly nobodyListens: '503' | 'waits';
  /** What a call gets when servers are there, but none has a handler for it. */
  readonly noHandler: '404' | '503' | 'waits';
  /** `ctx.send` reaches the peer at the other end of the connection, if it serves. */
  readonly peerCalls: boolean;
  /** The world can `stop` and `restart`. */
  readonly restart: boolean;
  /** The world can `crash` an instance. */
  readonly crash: boolean;
  /** A request that finds the server full waits there; if false, it is refused with 429. */
  readonly waitsForRoom: boolean;
}

/** What a test wants of a server or a client, besides the options of every transport. */
export interface WorldOptions extends EndpointOptions {
  /** Default: one group for all servers of the world. Only where `supports.groups`. */
  readonly group?: string;
  /** The largest body in bytes. Default: the transport's, at least 1 MiB. */
  readonly maxBody?: number;
}

/**
 * A place where servers and clients of one transport reach each other and nobody else: a broker (or a prefix of its
 * own on a shared one), or a port. The kit makes one for each theme and closes it at its end.
 */
export interface World {
  /** An instance of the service that is to listen. */
  server(options?: WorldOptions): Transport;
  /**
   * A client.
   *
   * @param to a server that has started, which the client must reach: on a connection the port to connect to can be
   *   read from it, on a broker it does not matter. `undefined` where nobody is to listen.
   */
  client(to: BaseTransporter | undefined, options?: WorldOptions): Transport;
  /** Where `supports.restart`: all connections break, new ones are refused, until `restart`. */
  stop?(): Promise<void>;
  restart?(): Promise<void>;
  /** Where `supports.crash`: an instance (a server or a client made from this) is gone without a goodbye, as if its process were killed. */
  crash?(transport: Transport): Promise<void>;
  /** Where `supports.deadLetters`: those of this world, oldest first. */
  deadLetters?(): Promise<readonly DeadLetterSeen[]>;
  /** Ends the world: nothing of it may be left, no socket, no timer. Servers and clients are closed by then. */
  close(): Promise<void>;
}

/** A dead letter as the kit looks at it. */
export interface DeadLetterSeen {
  readonly pattern: string;
  /** As `RpcException` goes over the wire. */
  readonly error: {
    readonly error: string;
    readonly code: number;
    readonly metadata?: Readonly<Record<string, unknown>>;
  };
  readonly attempts: number;
}

/** A transport, as the kit is told about it. */
export interface ConformanceSubject {
  /** For the titles of the tests. */
  readonly name: string;
  readonly supports: Supports;
  /** A world that has nothing in common with any other. */
  create(): World | Promise<World>;
  /** The driver's classes that `unwrap` gives, on either side. */
  readonly unwraps: { readonly server: readonly Class<unknown>[]; readonly client: readonly Class<unknown>[] };
  /** How long the kit waits for something that must happen, in milliseconds. Default 10 000. */
  readonly patience?: number;
  /** Multiplies the counts of the tests under load. Default 1. */
  readonly scale?: number;
}
