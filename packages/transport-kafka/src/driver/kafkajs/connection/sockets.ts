import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

/**
 * The sockets of one kafkajs client. kafkajs waits for answers when it disconnects, and may reconnect after that: cutting
 * its sockets and refusing new ones is what makes an end of it certain.
 */
export class Sockets {
  readonly #open = new Map<Socket, string>();
  readonly #make: ISocketFactory;
  #closed = false;

  constructor(make: ISocketFactory = makeSocket) {
    this.#make = make;
  }

  /** kafkajs reports what it throws as an attempt to connect that failed. */
  readonly factory: ISocketFactory = (target) => {
    if (this.#closed) throw new Error('the driver is closed');
    const socket = this.#make(target);
    // A request is one small write: waiting for more to send costs up to 40 ms.
    socket.setNoDelay(true);
    this.#open.set(socket, `${target.host}:${target.port}`);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  };

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Ends connections (to `address`, `host:port`, or all), whatever waits on them: kafkajs rejects that. */
  cut(why: string, address?: string): void {
    for (const [socket, to] of [...this.#open]) {
      // Destroyed without an error, a socket tells kafkajs nothing.
      if (address === undefined || to === address) socket.destroy(new Error(why));
    }
  }

  close(): void {
    this.#closed = true;
    this.cut('closed');
  }
}

const makeSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  // kafkajs gives `undefined` for no TLS, whatever its types say, and `true` for the defaults.
  const tls = ssl as ConnectionOptions | boolean | undefined;
  const socket =
    tls === undefined || tls === false || tls === null
      ? connectTcp({ host, port }, onConnect)
      : connectTls(
          { host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...(tls === true ? {} : tls) },
          onConnect,
        );
  socket.setKeepAlive(true, 30_000);
  return socket;
};
