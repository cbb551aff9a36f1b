import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/**
 * A stretch of network between a client and a server that can be cut, and mended, with real sockets on both sides. It keeps
 * its port while it is cut: nobody else may get it meanwhile.
 */
export class Proxy {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#join(socket));
  #isCut = true;

  /** @param target the server's port; 0: nobody will ever be there. */
  constructor(target: number) {
    this.#target = target;
  }

  /** 0 before it was opened. */
  get port(): number {
    return this.#server.listening ? (this.#server.address() as AddressInfo).port : 0;
  }

  /** From now on connections are passed on. */
  async open(): Promise<void> {
    this.#isCut = this.#target === 0;
    if (this.#server.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** All connections break without a word, new ones at once. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket): void {
    near.on('error', () => undefined);
    if (this.#isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    far.on('error', () => undefined);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.once('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
