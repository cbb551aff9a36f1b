import type { Socket } from 'node:net';

/** What a message that came over TCP has as its `source`: the connection that it came by. */
export interface TcpSource {
  /** A `TLSSocket` with TLS. */
  readonly socket: Socket;
  /** The other side's IP address as it was when the connection was made; `undefined` on a Unix socket. */
  readonly remoteAddress: string | undefined;
}
