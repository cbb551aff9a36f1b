import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, backoffDelay, type Receiver, RpcCode, RpcException } from '@parley/core/transport';
import { connectError } from '../tcp-error.ts';
import type { TcpTlsOptions } from '../tls-options.ts';
import { Connection } from './connection.ts';
import type { ConnectionOwner, ConnectionSettings } from './connection-owner.ts';
import { dial } from './dial.ts';
import type { Target } from './target.ts';

export interface KeeperOptions {
  readonly tls: TcpTlsOptions | undefined;
  readonly connectTimeout: number;
  readonly reconnect: Backoff;
  readonly settings: ConnectionSettings;
}

/** Whom a keeper tells. */
export interface KeeperOwner {
  /** A link is up. */
  opened(connection: Connection): Receiver;
  /** Nothing new can be sent over this one: it is gone, or about to go. */
  closing(connection: Connection): void;
  /** An attempt failed. Any other code than 503: trying again cannot help, though it goes on. */
  failed(keeper: LinkKeeper, reason: RpcException): void;
  warn(what: string, detail?: unknown): void;
}

/** Milliseconds that a link has to hold to count as one that works. */
const stableTime = 500;

/** Keeps one link to one target, for ever: connects, and again with backoff when it is lost or the other side leaves. */
export class LinkKeeper {
  readonly target: Target;
  readonly #options: KeeperOptions;
  readonly #owner: KeeperOwner;
  readonly #stopping = new AbortController();
  /** One that is up, and those that the other side is leaving but has not closed. */
  readonly #connections = new Set<Connection>();
  #dialling: Socket | undefined;
  #running: Promise<void> | undefined;

  constructor(target: Target, options: KeeperOptions, owner: KeeperOwner) {
    this.target = target;
    this.#options = options;
    this.#owner = owner;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Also while it connects. */
  async stop(timeout: number): Promise<void> {
    this.#stopping.abort();
    this.#dialling?.destroy();
    await Promise.all([...this.#connections].map((connection) => connection.close(timeout)));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { reconnect } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        const since = performance.now();
        const wasAnnounced = await this.#attempt();
        // A new start, unless it is a target that accepts and drops at once: that one does not work.
        if (wasAnnounced || performance.now() - since > stableTime) attempt = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#owner.failed(this, RpcException.from(error));
      }
      await sleep(backoffDelay(reconnect, Math.max(1, attempt)), undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Resolves when the link that it made needs a successor, with whether the other side had announced that; rejects if it
   * made none.
   */
  async #attempt(): Promise<boolean> {
    const { tls, connectTimeout } = this.#options;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      this.#dialling?.destroy();
    }, connectTimeout);
    try {
      const { socket, connected } = dial(this.target, tls);
      this.#dialling = socket;
      await connected;
      return await this.#connect(socket, () => clearTimeout(timer));
    } catch (error) {
      // What node:tls throws at once is about keys and certificates.
      if (!timedOut) throw error instanceof RpcException ? error : connectError(error, this.target.label);
      const message = `Cannot connect to ${this.target.label}: nobody answered within ${connectTimeout} ms`;
      throw new RpcException(message, { code: RpcCode.Unavailable, cause: error });
    } finally {
      clearTimeout(timer);
      this.#dialling = undefined;
    }
  }

  #connect(socket: Socket, greeted: () => void): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    let isOpen = false;
    const over = (connection: Connection, wasAnnounced: boolean): void => {
      this.#owner.closing(connection);
      resolve(wasAnnounced);
    };
    const owner: ConnectionOwner = {
      opened: (connection) => {
        isOpen = true;
        greeted();
        this.#dialling = undefined;
        return this.#owner.opened(connection);
      },
      leaving: (connection) => over(connection, true),
      closed: (connection, reason) => {
        if (isOpen) over(connection, false);
        else reject(reason);
      },
      warn: (what, detail) => this.#owner.warn(what, detail),
    };
    const connection = new Connection(socket, this.target.label, this.#options.settings, owner);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    return promise;
  }
}
