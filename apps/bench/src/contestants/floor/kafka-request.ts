import type { Broker } from 'kafkajs';

/** Sends the body of a request, and resolves with that of the response. */
export type Connection = (request: Request) => Promise<Buffer>;

/** kafkajs's form of a request that is encoded already. */
export interface Request {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  /** The two are the same: it looks at one and copies the other. */
  encode(): { readonly buf: Buffer; readonly buffer: Buffer };
}

/** What kafkajs sends its own requests with, below `Broker`; a Fetch has a connection of its own there. */
interface Pool {
  send(of: { readonly request: Request; readonly response: typeof asItIs }): Promise<Buffer>;
}

const asItIs = { decode: (body: Buffer): Buffer => body, parse: (body: Buffer): Buffer => body };

export function connectionOf(broker: Broker): Connection {
  const { connectionPool: pool } = broker as unknown as { readonly connectionPool: Pool };
  return (request) => pool.send({ request, response: asItIs });
}
