import { runOutsideContext } from '../context/index.ts';
import { Abortable, Dispatcher, type Logger, type ServerInterceptor, WarningLog } from '../dispatch/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import { HandlerRegistry } from '../registry/index.ts';
import type { BaseClient, Class, ResolvedEndpointOptions, Transport } from '../seam/index.ts';
import {
  closeSide,
  connectedAgain,
  type Requester,
  reasonText,
  type Session,
  SessionHub,
  type WaitingCall,
} from '../session/index.ts';
import type { ClientInterceptor } from './client-interceptor.ts';
import { StatusSource } from './client-status.ts';
import { LinkPool, noLink } from './link-pool.ts';

export interface ConnectionSetup {
  /** The client's token or name, for errors and logs. */
  readonly name: string;
  readonly transport: Transport;
  readonly interceptors: readonly ClientInterceptor[];
  /** Around the handlers that this client serves, with the option `serve`. */
  readonly serverInterceptors: readonly ServerInterceptor[];
  readonly logger: Logger;
  /** The handlers to serve, with the option `serve`. */
  readonly registry: HandlerRegistry;
}

/** One life of the transport's client side. */
interface Attempt {
  readonly client: BaseClient;
  readonly hub: SessionHub;
  readonly dispatcher: Dispatcher;
}

/** A client's life: connects at the first need, knows which links take calls, closes once. */
export class Connection {
  readonly name: string;
  readonly options: ResolvedEndpointOptions;
  readonly status = new StatusSource();
  readonly #transport: Transport;
  readonly #log: WarningLog;
  readonly #setup: ConnectionSetup;
  readonly #pool: LinkPool;
  #attempt: Attempt | undefined;
  /** Aborts when the client is closed. */
  readonly closing = new Abortable();
  #closed: Promise<void> | undefined;

  constructor(setup: ConnectionSetup) {
    this.#setup = setup;
    this.#transport = setup.transport;
    this.name = setup.name;
    this.options = setup.transport.endpoint;
    this.#log = new WarningLog(setup.logger, `client "${setup.name}" (${setup.transport.transport})`);
    this.#pool = new LinkPool(this.#label, this.options.maxWaiting);
  }

  get pending(): number {
    let pending = this.#pool.waiting;
    for (const session of this.#attempt?.hub.sessions ?? []) pending += session.requester.pending;
    return pending;
  }

  get handling(): number {
    return this.#attempt?.dispatcher.workload.running ?? 0;
  }

  /** The link that a call takes now; `undefined` when there is none, or others wait for it. */
  pick(): Requester | undefined {
    return this.#pool.pick()?.requester;
  }

  async connect(): Promise<void> {
    const { timeout } = this.options;
    const deadline = timeout === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeout;
    if (this.pick() === undefined) await this.wait({ deadline, onAbort: undefined }, () => Promise.resolve());
  }

  /** Runs `over` with the link that the call gets: connects if that has not been tried, and waits, or not, as the option `outage` says. */
  wait<Result>(call: WaitingCall, over: (requester: Requester) => Promise<Result>): Promise<Result> {
    const { state, reason } = this.status.current;
    if (this.closing.aborted) return Promise.reject(this.#closedError());
    if (state === 'disconnected' && this.options.outage === 'fail') return Promise.reject(noLink(this.#label, reason));
    const waiting = this.#pool.wait(call, (session) => over(session.requester));
    if (this.#attempt === undefined) this.#start();
    return waiting;
  }

  close(timeout: number): Promise<void> {
    this.#closed ??= this.#close(timeout);
    return this.#closed;
  }

  unwrap<T>(type: Class<T>): T {
    if (this.#attempt === undefined)
      throw new TypeError(`${this.#label} is not connected: await connect() before unwrap()`);
    return this.#attempt.client.unwrap(type);
  }

  get #label(): string {
    return `The client "${this.name}"`;
  }

  #start(): void {
    let attempt: Attempt;
    try {
      attempt = this.#createAttempt();
    } catch (thrown) {
      this.#pool.failWaiting(noLink(this.#label, thrown));
      return;
    }
    this.#attempt = attempt;
    this.status.set('connecting');
    // The first call may come from a handler, whose context the sockets must not keep for good.
    runOutsideContext(async () => attempt.client.connect(attempt.hub)).catch((reason: unknown) =>
      this.#refused(attempt, reason),
    );
  }

  #createAttempt(): Attempt {
    const { registry, serverInterceptors: interceptors } = this.#setup;
    const dispatcher = new Dispatcher({
      transport: this.#transport.transport,
      registry: this.options.serve ? registry : new HandlerRegistry(),
      interceptors,
      options: this.options,
      log: this.#log,
    });
    // What an attempt says that is over does not count.
    const isCurrent = () => this.#attempt?.hub === hub && !this.closing.aborted;
    const hub: SessionHub = new SessionHub({
      options: this.options,
      dispatcher,
      log: this.#log,
      changed: (session, reason) => {
        this.#pool.update(session);
        if (isCurrent()) this.#sessionChanged(session, reason);
      },
      unreachable: (reason) => {
        if (isCurrent()) this.#outage(reason);
      },
    });
    return { client: this.#transport.createClient(), hub, dispatcher };
  }

  /** Trying again would not help by itself; but the next call does try, since somebody may have mended it. */
  #refused(attempt: Attempt, reason: unknown): void {
    if (this.#attempt !== attempt || this.closing.aborted) return;
    this.#attempt = undefined;
    this.status.set('idle', reason);
    const error = reason instanceof RpcException ? reason : noLink(this.#label, reason);
    this.#log.warn(`cannot connect: ${error.message}`, error.cause);
    this.#pool.failWaiting(error);
    attempt.client
      .close(0)
      .catch((problem: unknown) => this.#log.warn('what was left of a failed connect could not be closed', problem));
    attempt.hub.detachAll(reason);
  }

  #sessionChanged(session: Session, reason: unknown): void {
    if (!this.#pool.isEmpty) this.#ready();
    else if (session.state !== 'draining') this.#outage(reason);
    else this.status.set('connecting');
  }

  #ready(): void {
    const { state, since } = this.status.current;
    if (state === 'disconnected') this.#log.warn(connectedAgain(since));
    this.status.set('ready');
  }

  #outage(reason: unknown): void {
    if (!this.#pool.isEmpty) return;
    const error = noLink(this.#label, reason);
    if (this.status.current.state !== 'disconnected')
      this.#log.warn(`disconnected, trying again: ${reasonText(reason)}`);
    this.status.set('disconnected', error);
    if (this.options.outage === 'fail') this.#pool.failWaiting(error);
  }

  async #close(timeout: number): Promise<void> {
    const attempt = this.#attempt;
    const until = performance.now() + timeout;
    this.closing.abort(this.#closedError());
    this.#pool.close(this.#closedError());
    if (attempt !== undefined) {
      await attempt.dispatcher.finish(timeout);
      attempt.hub.cancelAll('the client was closed');
      const left = Math.max(0, until - performance.now());
      const reason = `${this.#label} was closed`;
      await closeSide(attempt.client, attempt.hub, { timeout: left, log: this.#log, reason });
    }
    this.status.set('closed');
  }

  #closedError(): RpcException {
    return new RpcException(`${this.#label} is closed`, { code: RpcCode.Unavailable });
  }
}
