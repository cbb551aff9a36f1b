import type { ClientProxy, ClientState } from '../client/index.ts';
import type { ServerEndpoint, ServerState } from '../transporter/index.ts';

/** How one entry does. */
export interface EntryHealth {
  /** Absent when the entry does not listen. */
  readonly transporter?: {
    readonly state: ServerState;
    readonly since: Date;
    /** Where it listens, such as `127.0.0.1:8888`; absent on brokers. */
    readonly address?: string;
    /** Handlers that run now. */
    readonly handling: number;
  };
  /** Absent when the entry is no client. */
  readonly client?: {
    readonly state: ClientState;
    readonly since: Date;
    /** Calls and events that are not settled. */
    readonly pending: number;
    /** Handlers that run for the other side, with the option `serve`. */
    readonly handling: number;
  };
}

/** By the entry's token. */
export type HostHealth = Readonly<Record<string, EntryHealth>>;

export function healthOf(
  servers: ReadonlyMap<string, ServerEndpoint>,
  clients: ReadonlyMap<string, ClientProxy>,
): HostHealth {
  // A token may be called `__proto__`.
  const health = Object.create(null) as Record<string, EntryHealth>;
  for (const [name, { state, since, handling, address }] of servers) {
    health[name] = { transporter: { state, since, handling, ...(address === undefined ? {} : { address }) } };
  }
  for (const [name, { status, pending, handling }] of clients) {
    health[name] = { ...health[name], client: { state: status.state, since: status.since, pending, handling } };
  }
  return health;
}
