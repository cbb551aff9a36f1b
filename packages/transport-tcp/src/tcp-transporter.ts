import { createServer as createPlainServer, Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, Server as TlsServer } from 'node:tls';
import { BaseTransporter, type Class, type Hub, RpcCode, RpcException } from '@parley/core/transport';
import { Connection } from './connection/connection.ts';
import type { ConnectionOwner, ConnectionSettings } from './connection/connection-owner.ts';
import { listenOn } from './connection/listen.ts';
import { connectionSettings } from './connection/settings.ts';
import { labelOf } from './connection/target.ts';
import { turnAway } from './connection/turn-away.ts';
import type { ResolvedTcpOptions } from './tcp-options.ts';
import { canListen } from './tls-options.ts';

/** Milliseconds that clients get to answer goAway. Who is slower loses nothing: its later requests get 503. */
const leaveTime = 1000;
const goingAway = 'the server is shutting down';

/** The server side: a link for each connection that says hello. */
export class TcpTransporter extends BaseTransporter {
  readonly #options: ResolvedTcpOptions;
  readonly #settings: ConnectionSettings;
  /** As accepted, so that those are known that are still busy with TLS. */
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  #server: Server | undefined;
  #hub: Hub | undefined;
  #state: 'open' | 'leaving' | 'left' = 'open';
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedTcpOptions) {
    super();
    this.#options = options;
    this.#settings = connectionSettings(options);
  }

  /**
   * Resolves when connections are accepted.
   *
   * Rejects with an RpcException: 409 when the address is in use; 400 when it cannot be listened on, or the TLS options are
   * not usable; 503 for what may pass.
   */
  async listen(hub: Hub): Promise<void> {
    this.#hub = hub;
    this.#server = this.#create();
    this.#server.prependListener('connection', (socket: Socket) => this.#track(socket));
    await listenOn(this.#server, this.#options);
    if (this.#closing !== undefined) {
      // Closed while the address was looked up: `close` found nothing that listened.
      this.#server.close();
      throw new RpcException('The TCP transporter was closed before it listened', { code: RpcCode.Unavailable });
    }
    this.#server.on('error', (error) => hub.warn('tcp: the listening socket failed', error));
  }

  /** `127.0.0.1:8888` with the port that it got, or the path of the Unix socket; `undefined` when it does not listen. */
  override get address(): string | undefined {
    const address = this.#server?.address() ?? undefined;
    return typeof address === 'object' ? labelOf(address.address, address.port) : address;
  }

  /** Accepts no more, and asks every client to send nothing new; resolves when they have agreed, at most a second later. */
  async pause(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    this.#server?.close();
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, leaveTime);
    });
    const agreed = Promise.all([...this.#connections].map((connection) => connection.goAway(goingAway)));
    await Promise.race([agreed, time]);
    clearTimeout(timer);
    this.#state = 'left';
    for (const connection of this.#connections) connection.refuseRequests();
  }

  close(timeout: number): Promise<void> {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  /**
   * `net.Server`, and with TLS also `tls.Server`.
   *
   * @throws TypeError for any other class; RpcException 503 before it listens.
   */
  unwrap<T>(type: Class<T>): T {
    const isSecure = this.#options.tls !== undefined;
    if ((type as unknown) !== Server && !(isSecure && (type as unknown) === TlsServer)) {
      throw new TypeError(
        `A TCP transporter has no ${type.name}: it gives ${isSecure ? 'tls.Server and ' : ''}net.Server`,
      );
    }
    if (this.#server !== undefined) return this.#server as T;
    throw new RpcException('The TCP transporter does not listen yet', { code: RpcCode.Unavailable });
  }

  #create(): Server {
    const { tls, connectTimeout } = this.#options;
    if (tls === undefined) return createPlainServer({ noDelay: true }, (socket) => this.#accept(socket));
    if (!canListen(tls)) {
      throw new RpcException('tcp: to listen, the option "tls" needs "key" and "cert"', { code: RpcCode.BadRequest });
    }
    try {
      const server = createTlsServer({ ...tls, handshakeTimeout: connectTimeout, noDelay: true }, (socket) =>
        this.#accept(socket),
      );
      return server.on('tlsClientError', (error, socket) => this.#tlsFailed(error, socket));
    } catch (cause) {
      const message = `tcp: the option "tls" cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new RpcException(message, { code: RpcCode.BadRequest, cause });
    }
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #accept(socket: Socket): void {
    const { maxConnections } = this.#options;
    // What fails on a socket that nobody uses any more needs no ear.
    if (socket.destroyed) return;
    if (this.#state === 'left') return turnAway(socket, RpcCode.Unavailable, goingAway);
    if (this.#sockets.size > maxConnections) {
      this.#hub?.warn(`tcp: turned ${peerOf(socket)} away: there are ${maxConnections} connections already`);
      return turnAway(socket, RpcCode.Overloaded, `there are ${maxConnections} connections already`);
    }
    const connection = new Connection(socket, peerOf(socket), this.#settings, this.#owner());
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    if (this.#state === 'leaving') void connection.goAway(goingAway);
  }

  #owner(): ConnectionOwner {
    return {
      opened: (connection) => (this.#hub as Hub).attach(connection),
      leaving: () => undefined,
      closed: () => undefined,
      warn: (what, detail) => this.#hub?.warn(`tcp: ${what}`, detail),
    };
  }

  #tlsFailed(error: Error, socket: TLSSocket): void {
    const peer = peerOf(socket);
    // Node leaves a socket open whose handshake took too long.
    socket.destroy();
    const refused = socket.authorizationError as unknown;
    if (typeof refused === 'string') {
      this.#hub?.warn(`tcp: refused the certificate of ${peer}: ${refused}`);
    } else if (!('code' in error) || error.code !== 'ECONNRESET') {
      // (A connection that goes before it has begun is no news.)
      this.#hub?.warn(`tcp: the TLS handshake with ${peer} failed: ${error.message}`, error);
    }
  }

  async #close(timeout: number): Promise<void> {
    this.#state = 'left';
    const server = this.#server;
    const closed = server?.listening === true ? new Promise((resolve) => server.close(resolve)) : undefined;
    await Promise.all([...this.#connections].map((connection) => connection.close(timeout)));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function peerOf(socket: Socket): string {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress !== undefined && remotePort !== undefined) return labelOf(remoteAddress, remotePort);
  return socket.destroyed ? 'one that is gone already' : 'a local process';
}
