import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A network between a client and a broker that can be broken. */
export interface Proxy {
  readonly host: string;
  /** Where clients are to connect instead of the target. */
  readonly port: number;
  /** Clients that are connected now. */
  readonly connections: number;
  /**
   * Bytes of every connection are swallowed from now on, both ways, and nobody is told (no FIN, no RST); who connects
   * anew is accepted, and swallowed, too. As a firewall does that has forgotten a connection, or a pulled cable.
   */
  blackHole(): void;
  /** New connections are carried again. Those that lost bytes stay as they are: they could only be torn. */
  restore(): void;
  /** Resets every connection of now, on both sides. */
  cut(): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts one on a free port of 127.0.0.1, before that port of 127.0.0.1. */
export async function startProxy(targetPort: number): Promise<Proxy> {
  const host = '127.0.0.1';
  const pairs = new Set<Pair>();
  let swallowing = false;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    // A client of a black hole is told nothing, not even that the target is not there.
    const target = swallowing ? undefined : connect({ host, port: targetPort, allowHalfOpen: true, noDelay: true });
    const pair = new Pair(client, target, () => pairs.delete(pair));
    pairs.add(pair);
    if (swallowing) pair.swallow();
  });
  server.listen(0, host);
  await once(server, 'listening');

  const close = async (): Promise<void> => {
    for (const pair of pairs) pair.cut();
    pairs.clear();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  return {
    host,
    port: (server.address() as AddressInfo).port,
    get connections() {
      return pairs.size;
    },
    blackHole() {
      swallowing = true;
      for (const pair of pairs) pair.swallow();
    },
    restore() {
      swallowing = false;
    },
    cut() {
      for (const pair of pairs) pair.cut();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Both sockets of one connection. While it is carried, what ends one side ends the other. */
class Pair {
  readonly #sockets: readonly Socket[];
  readonly #gone: () => void;
  #swallowed = false;

  constructor(client: Socket, target: Socket | undefined, gone: () => void) {
    this.#gone = gone;
    this.#sockets = target === undefined ? [client] : [client, target];
    if (target !== undefined) {
      client.pipe(target);
      target.pipe(client);
    }
    for (const socket of this.#sockets) {
      socket.on('error', () => {});
      socket.on('close', () => this.#closed());
    }
  }

  swallow(): void {
    this.#swallowed = true;
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.resume();
    }
  }

  cut(): void {
    // Of one that is half closed already, Node would reset nothing and keep its handle for good.
    for (const socket of this.#sockets) {
      if (socket.readyState === 'open') socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  #closed(): void {
    if (!this.#swallowed) for (const socket of this.#sockets) socket.destroySoon();
    if (this.#sockets.every((socket) => socket.closed)) this.#gone();
  }
}
