import type { Message, Service } from './service.ts';

/**
 * One way to do what is measured. Each is written as its own documentation has it, for speed: no contestant is given
 * a setting that its users would not find.
 */
export interface Contestant {
  /** Starts the server's side. It listens on a port of the system's choice, or is reached over `setup.broker`. */
  serve(service: Service, setup: ServeSetup): Promise<Served>;
  /** A client with a connection of its own, ready to be called. */
  connect(setup: ConnectSetup): Promise<Caller>;
}

export interface ServeSetup {
  /** How many methods there are besides `echo`: `echo.0`, `echo.1` …, all of them doing the same. */
  readonly handlers: number;
  /** Where the broker is: `redis://…`, or `host:port` of Kafka. Empty without one. */
  readonly broker: string;
  /** For names on the broker: what one pair of processes does is its own. Letters and digits. */
  readonly run: string;
}

export interface Served {
  /** What the client needs to know to connect. */
  readonly address: string;
  close(): Promise<void>;
}

export interface ConnectSetup extends ServeSetup {
  readonly address: string;
}

/** The client's side. The functions that it gives are called once for each message, and do nothing else than that. */
export interface Caller {
  /** Of `echo`, `hold`, or `echo.<number>`. */
  method(name: string): (message: Message) => Promise<Message>;
  /** Emits a `tick`. A promise when there is something to wait for: it is taken, or there is room again. */
  tick(): (message: Message) => Promise<unknown> | undefined;
  /** Asks `numbers` for so many replies, and resolves after the last. Absent where there are no streams. */
  numbers?(): (count: number, each: (message: Message) => void) => Promise<void>;
  /** Microseconds that a schema library takes by itself for each call on each side, measured apart. Default: none. */
  schemaTime?(): number;
  close(): Promise<void>;
}

/** The names of the methods `echo.<number>`. */
export function extraMethods(handlers: number): string[] {
  return Array.from({ length: handlers }, (_, index) => `echo.${index}`);
}
