import type { Socket } from 'node:net';
import { MessageContext, Transports } from '@parley/core/transport';
import type { TcpSource } from './connection/source.ts';

/** The context of a handler whose message came over TCP. */
export class TcpContext extends MessageContext {
  /** `@Ctx(TcpContext)` limits a handler to TCP. */
  static readonly transport = Transports.TCP;

  /** The other side's IP address; `undefined` on a Unix socket. */
  get remoteAddress(): string | undefined {
    return (this.source as TcpSource).remoteAddress;
  }

  /**
   * The connection that the message came by; a `tls.TLSSocket` with TLS, which knows the peer's certificate. To look
   * at, not to read or write: its bytes are frames.
   */
  get socket(): Socket {
    return (this.source as TcpSource).socket;
  }
}
