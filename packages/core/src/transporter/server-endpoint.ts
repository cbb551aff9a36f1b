import { runOutsideContext } from '../context/index.ts';
import { Dispatcher, type Logger, pause, type ServerInterceptor, WarningLog, within } from '../dispatch/index.ts';
import { messageOf, RpcCode, RpcException } from '../errors/index.ts';
import type { HandlerRegistry } from '../registry/index.ts';
import { type BaseTransporter, backoffDelay, type Transport } from '../seam/index.ts';
import { closeSide, connectedAgain, reasonText, type Session, SessionHub } from '../session/index.ts';

/** `disconnected`: its broker cannot be reached, and nothing arrives; it goes on trying. */
export type ServerState = 'idle' | 'starting' | 'ready' | 'disconnected' | 'draining' | 'closed';

export interface ServerSetup {
  /** The entry's token, for errors and logs. */
  readonly name: string;
  readonly transport: Transport;
  readonly registry: HandlerRegistry;
  readonly interceptors: readonly ServerInterceptor[];
  readonly logger: Logger;
}

/** Between tries to listen on a broker that is down. */
const startBackoff = { initial: 100, max: 1000 };
/** Milliseconds that a try to listen gets in any case. */
const minListenTime = 1000;

/** One listening transport of a host, and its life: idle → starting → ready → draining → closed. */
export class ServerEndpoint {
  readonly name: string;
  readonly #setup: ServerSetup;
  readonly #log: WarningLog;
  readonly #dispatcher: Dispatcher;
  readonly #hub: SessionHub;
  #transporter: BaseTransporter | undefined;
  readonly #drained: Promise<void>;
  #transporterClosed: Promise<void> = Promise.resolve();
  #state: ServerState = 'idle';
  #since = new Date();

  constructor(setup: ServerSetup) {
    this.name = setup.name;
    this.#setup = setup;
    const { transport, registry, interceptors } = setup;
    const options = transport.endpoint;
    this.#log = new WarningLog(setup.logger, `server "${setup.name}" (${transport.transport})`);
    this.#dispatcher = new Dispatcher({
      transport: transport.transport,
      registry,
      interceptors,
      options,
      log: this.#log,
    });
    this.#drained = new Promise((resolve) => {
      this.#dispatcher.draining.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#hub = new SessionHub({
      options,
      dispatcher: this.#dispatcher,
      log: this.#log,
      changed: (session, reason) => this.#sessionChanged(session, reason),
    });
  }

  get state(): ServerState {
    return this.#state;
  }

  get since(): Date {
    return this.#since;
  }

  /** Handlers that run now. */
  get handling(): number {
    return this.#dispatcher.workload.running;
  }

  /** Where it listens; `undefined` before that, and on brokers. */
  get address(): string | undefined {
    return this.#isUp || this.#state === 'draining' ? this.#transporter?.address : undefined;
  }

  /** @throws TypeError before `start`, and when it is closed. */
  get transporter(): BaseTransporter {
    if (this.#transporter === undefined) throw new TypeError(`The transporter "${this.name}" does not listen`);
    return this.#transporter;
  }

  /**
   * Listens. What may heal (503: a broker that is down) is tried again for `startTimeout` ms; all else rejects at once.
   * A try that is under way by then is given up, but not within its first second; 0: one try, however long that takes. After
   * a rejection the endpoint is closed.
   */
  async start(startTimeout: number): Promise<void> {
    this.#change('starting');
    try {
      await this.#listenWithin(startTimeout);
    } catch (thrown) {
      await this.#closeTransporter(0);
      this.#change('closed');
      throw thrown;
    }
    this.#change('ready');
    for (const session of this.#hub.sessions)
      if (session.state === 'lost') this.#sessionChanged(session, 'lost at once');
  }

  /** Ends the tries of `start`, which rejects. */
  stopStarting(): void {
    if (this.#state !== 'starting') return;
    this.#dispatcher.drain();
    void this.#closeTransporter(0);
  }

  /** Takes nothing new; what runs goes on. Within `timeout` ms, if that is given. */
  async pause(timeout = Number.POSITIVE_INFINITY): Promise<void> {
    if (!this.#isUp) return;
    this.#change('draining');
    try {
      const isPaused = await within(timeout, this.#transporter?.pause() ?? Promise.resolve());
      if (!isPaused) this.#log.warn('the peers could not be told in time that the service is going away');
    } catch (problem) {
      this.#log.warn('could not tell the peers that the service is going away', problem);
    }
    // Only now: what peers have sent before they heard of it is still handled.
    this.#dispatcher.drain();
  }

  /** Waits until no handler runs, at most `timeout` ms; then cancels what is left. */
  async finish(timeout: number): Promise<void> {
    await this.#dispatcher.finish(timeout);
    this.#hub.cancelAll('the service was closed');
  }

  /** Flushes what was answered and disconnects, within `timeout` ms. */
  async close(timeout: number): Promise<void> {
    if (this.#state === 'closed') return;
    if (this.#state !== 'idle') await this.#closeTransporter(timeout);
    this.#change('closed');
  }

  async #listenWithin(startTimeout: number): Promise<void> {
    const { draining } = this.#dispatcher;
    const until = performance.now() + startTimeout;
    let before: RpcException | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const left = Math.max(minListenTime, until - performance.now());
      const error = await this.#tryToListen(startTimeout === 0 ? Number.POSITIVE_INFINITY : left, before);
      if (draining.aborted) throw this.#closedError();
      if (error === undefined) return;
      const delay = backoffDelay(startBackoff, attempt);
      if (error.code !== RpcCode.Unavailable || performance.now() + delay >= until) throw error;
      this.#log.warn(`cannot listen yet, trying again: ${error.message}`);
      before = error;
      await this.#closeTransporter(0);
      if (!(await pause(delay, draining))) throw this.#closedError();
    }
  }

  /** @param before why the try before this one failed */
  async #tryToListen(timeout: number, before: RpcException | undefined): Promise<RpcException | undefined> {
    try {
      const transporter = this.#setup.transport.createTransporter();
      this.#transporter = transporter;
      // A `listen` that hangs must not keep the host from closing.
      const listening = runOutsideContext(async () => transporter.listen(this.#hub));
      if (await within(timeout, Promise.race([listening, this.#drained]))) return undefined;
      const why = before === undefined ? '' : `; before that: ${before.message}`;
      const message = `The server "${this.name}" could not listen in time: trying took longer than ${Math.round(timeout)} ms ("startTimeout")${why}`;
      return new RpcException(message, { code: RpcCode.Unavailable, cause: before });
    } catch (thrown) {
      if (thrown instanceof RpcException) return thrown;
      return new RpcException(`The server "${this.name}" cannot listen: ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  /** Each transporter is closed once; who asks again waits for that. */
  #closeTransporter(timeout: number): Promise<void> {
    const transporter = this.#transporter;
    this.#transporter = undefined;
    if (transporter !== undefined) {
      const reason = `The server "${this.name}" was closed`;
      this.#transporterClosed = closeSide(transporter, this.#hub, { timeout, log: this.#log, reason });
    }
    return this.#transporterClosed;
  }

  get #isUp(): boolean {
    return this.#state === 'ready' || this.#state === 'disconnected';
  }

  /** A broker is there or not, for all; connections come and go, each for itself. */
  #sessionChanged({ isShared, state }: Session, reason: unknown): void {
    if (isShared) return;
    if (state === 'lost' && this.#state === 'ready') {
      this.#change('disconnected');
      this.#log.warn(`disconnected, nothing arrives; trying again: ${reasonText(reason)}`);
    } else if (state === 'ready' && this.#state === 'disconnected') {
      this.#log.warn(connectedAgain(this.#since));
      this.#change('ready');
    }
  }

  #closedError(): RpcException {
    return new RpcException(`The server "${this.name}" was closed before it listened`, { code: RpcCode.Unavailable });
  }

  #change(state: ServerState): void {
    this.#state = state;
    this.#since = new Date();
  }
}
