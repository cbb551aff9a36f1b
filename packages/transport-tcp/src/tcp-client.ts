import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { BaseClient, type Class, type Hub, type Receiver, RpcCode, RpcException } from '@parley/core/transport';
import type { Connection } from './connection/connection.ts';
import { type KeeperOwner, LinkKeeper } from './connection/link-keeper.ts';
import { connectionSettings } from './connection/settings.ts';
import type { ResolvedTcpOptions } from './tcp-options.ts';

/** The client side: a connection to each target, kept up for ever. Core balances calls over them. */
export class TcpClient extends BaseClient {
  readonly #options: ResolvedTcpOptions;
  /** Links that take new calls, oldest first. */
  readonly #usable = new Set<Connection>();
  /** Targets of which no attempt has failed yet for a reason that stays. */
  readonly #hopeful = new Set<LinkKeeper>();
  /** Targets whose latest attempt has failed since a link was up. */
  readonly #failing = new Set<LinkKeeper>();
  readonly #first = Promise.withResolvers<void>();
  #keepers: readonly LinkKeeper[] = [];
  #isConnected = false;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedTcpOptions) {
    super();
    this.#options = options;
  }

  /**
   * Resolves with the first link. While nobody is there it tries for ever, and says so through `hub.unreachable`.
   *
   * Rejects with an RpcException when no target can ever be reached: 400 for certificates, keys and options, 501 for a peer that
   * speaks another version or no Parley at all; with 503 when it is closed meanwhile.
   */
  async connect(hub: Hub): Promise<void> {
    const { tls, connectTimeout, reconnect, targets, port, path } = this.#options;
    if (this.#closing !== undefined) throw closed();
    if (path === undefined && port === 0 && targets.some(({ label }) => label.endsWith(':0'))) {
      throw new RpcException('tcp: port 0 can be listened on, not connected to', { code: RpcCode.BadRequest });
    }
    const settings = connectionSettings(this.#options);
    const owner = this.#owner(hub);
    this.#keepers = targets.map(
      (target) => new LinkKeeper(target, { tls, connectTimeout, reconnect, settings }, owner),
    );
    for (const keeper of this.#keepers) this.#hopeful.add(keeper);
    for (const keeper of this.#keepers) keeper.start();
    await this.#first.promise;
  }

  close(timeout: number): Promise<void> {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  /**
   * `net.Socket` (also `tls.TLSSocket` with TLS): the socket of the link that is up for longest. Not to be read or written.
   *
   * @throws TypeError for any other class; RpcException 503 when no link is up.
   */
  unwrap<T>(type: Class<T>): T {
    const isSecure = this.#options.tls !== undefined;
    if ((type as unknown) !== Socket && !(isSecure && (type as unknown) === TLSSocket)) {
      throw new TypeError(
        `A TCP client has no ${type.name}: it gives ${isSecure ? 'tls.TLSSocket and ' : ''}net.Socket`,
      );
    }
    const [connection] = this.#usable;
    if (connection !== undefined) return connection.socket as T;
    throw new RpcException('No TCP connection is up', { code: RpcCode.Unavailable });
  }

  #owner(hub: Hub): KeeperOwner {
    return {
      opened: (connection): Receiver => {
        this.#usable.add(connection);
        this.#failing.clear();
        const receiver = hub.attach(connection);
        this.#isConnected = true;
        this.#first.resolve();
        return receiver;
      },
      closing: (connection) => void this.#usable.delete(connection),
      failed: (keeper, reason) => this.#failed(hub, keeper, reason),
      warn: (what, detail) => hub.warn(`tcp: ${what}`, detail),
    };
  }

  #failed(hub: Hub, keeper: LinkKeeper, reason: RpcException): void {
    if (reason.code !== RpcCode.Unavailable && !this.#isConnected) {
      this.#hopeful.delete(keeper);
      if (this.#hopeful.size === 0) {
        // Whoever called `connect` hears it; `close` comes, and until then nobody tries in vain.
        this.#first.reject(reason);
        void this.close(0);
        return;
      }
    }
    if (this.#usable.size > 0) return;
    this.#failing.add(keeper);
    // Another target may be about to answer.
    if (this.#failing.size < this.#keepers.length) return;
    const { message } = reason;
    hub.unreachable(
      reason.code === RpcCode.Unavailable
        ? reason
        : new RpcException(message, { code: RpcCode.Unavailable, cause: reason }),
    );
  }

  async #close(timeout: number): Promise<void> {
    this.#first.reject(closed());
    // Nobody may be waiting for it.
    this.#first.promise.catch(() => undefined);
    await Promise.all(this.#keepers.map((keeper) => keeper.stop(timeout)));
  }
}

function closed(): RpcException {
  return new RpcException('The TCP client was closed', { code: RpcCode.Unavailable });
}
