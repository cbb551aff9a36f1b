import { Observable } from 'rxjs/internal/Observable';
import type {
  AnyCallOptions,
  AnyStreamOptions,
  Caller,
  CallOptions,
  DataArguments,
  EmitOptions,
  ReceivedReply,
  SentPayload,
  SentRequest,
  StreamOptions,
} from '../context/index.ts';
import { RpcException } from '../errors/index.ts';
import type { AnyEventContract, AnyMessageContract, Pattern, Schema } from '../patterns/index.ts';
import { type Class, closeTimeout } from '../seam/index.ts';
import { Calls, LazyIterator } from '../session/index.ts';
import { type ClientCall, composeClient } from './client-interceptor.ts';
import type { ClientStatus } from './client-status.ts';
import { Connection, type ConnectionSetup } from './connection.ts';

export type ClientSetup = ConnectionSetup;

/**
 * The client side of a transport: sends messages, reads streams of replies, emits events. Connects at the first call.
 *
 * Every call settles, and rejects with `RpcException` only: within its timeout with 408, when its `signal` aborts with
 * 499, when the connection is lost under it with 502, when nothing could be sent with 503.
 */
export class ClientProxy implements Caller {
  readonly #connection: Connection;
  readonly #calls: Calls;
  readonly #intercepted: ((call: ClientCall) => Promise<unknown>) | undefined;

  /** Made by the host from `provideMicroservices`, or by `createClient`. */
  constructor(setup: ClientSetup) {
    this.#connection = new Connection(setup);
    const { options, closing } = this.#connection;
    this.#calls = new Calls(options, this.#connection, closing);
    this.#intercepted =
      setup.interceptors.length === 0
        ? undefined
        : composeClient(setup.interceptors, (call) => this.#callDirectly(call));
  }

  /**
   * Connects now instead of at the first call. Resolves when calls can be sent.
   *
   * @throws RpcException 503 when the other side cannot be reached (with `outage: 'wait'` 408 after `timeout`), or what
   *   makes trying again pointless, such as wrong credentials.
   */
  connect(): Promise<void> {
    return this.#connection.connect();
  }

  /**
   * Ends the client: calls that wait for a link reject with 503, those under way with 502. Idempotent.
   *
   * @param options.timeout milliseconds for what is still to be flushed. Default 10 000; `Infinity`: as long as it takes.
   */
  close(options: { readonly timeout?: number | undefined } = {}): Promise<void> {
    return this.#connection.close(closeTimeout(options));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Begins with the present status; completes after `closed`. */
  get status$(): Observable<ClientStatus> {
    return this.#connection.status.changes;
  }

  get status(): ClientStatus {
    return this.#connection.status.current;
  }

  /** Calls and events that are not settled. */
  get pending(): number {
    // A call with retries may be under way or wait for its next try: it counts once.
    return Math.max(this.#connection.pending, this.#calls.retrying);
  }

  /** Handlers that run for callers at the other end; only with the option `serve`. */
  get handling(): number {
    return this.#connection.handling;
  }

  /** The driver's own object, once connected. @throws TypeError for a class that the transport does not have. */
  unwrap<T>(type: Class<T>): T {
    return this.#connection.unwrap(type);
  }

  send<Target extends Pattern | AnyMessageContract, Response extends Schema | undefined = undefined>(
    target: Target,
    ...args: DataArguments<SentRequest<Target>, CallOptions<Response>>
  ): Promise<ReceivedReply<Target, Response>>;
  send(target: ClientCall['target'], data?: unknown, options?: AnyCallOptions): Promise<unknown> {
    if (this.#intercepted !== undefined) return this.#intercepted(this.#clientCall('send', target, data, options));
    return this.#calls.send(target, data, options);
  }

  stream<Target extends Pattern | AnyMessageContract, Response extends Schema | undefined = undefined>(
    target: Target,
    ...args: DataArguments<SentRequest<Target>, StreamOptions<Response>>
  ): AsyncIterable<ReceivedReply<Target, Response>>;
  stream(target: ClientCall['target'], data?: unknown, options?: AnyStreamOptions): AsyncIterable<unknown> {
    const intercepted = this.#intercepted;
    if (intercepted === undefined) return this.#calls.stream(target, data, options);
    const call = this.#clientCall('stream', target, data, options);
    const open = async () => iteratorOf(await intercepted(call));
    return { [Symbol.asyncIterator]: () => new LazyIterator(open) };
  }

  /** {@link stream} as a cold Observable: one request for each subscription, unsubscribing cancels. */
  sendAsObservable<Target extends Pattern | AnyMessageContract, Response extends Schema | undefined = undefined>(
    target: Target,
    ...args: DataArguments<SentRequest<Target>, StreamOptions<Response>>
  ): Observable<ReceivedReply<Target, Response>> {
    return new Observable((subscriber) => {
      const replies = this.stream<Target, Response>(target, ...args)[Symbol.asyncIterator]();
      const push = async () => {
        for (let next = await replies.next(); next.done !== true; next = await replies.next())
          subscriber.next(next.value);
      };
      push().then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(error),
      );
      return () => void replies.return?.().catch(() => undefined);
    });
  }

  /**
   * Emits an event. Resolves when the transport has taken it, which is not delivery: see the transport's guarantees.
   * Rejects with 503 if it surely was not sent, with 502 if that is unknown, with 408 after `timeout`.
   */
  emit<Target extends Pattern | AnyEventContract>(
    target: Target,
    ...args: DataArguments<SentPayload<Target>, EmitOptions>
  ): Promise<void>;
  emit(target: ClientCall['target'], data?: unknown, options?: EmitOptions): Promise<unknown> {
    if (this.#intercepted !== undefined) return this.#intercepted(this.#clientCall('emit', target, data, options));
    return this.#calls.emit(target, data, options);
  }

  #clientCall(
    kind: ClientCall['kind'],
    target: ClientCall['target'],
    data: unknown,
    options: ClientCall['options'] | undefined,
  ): ClientCall {
    return { kind, target, data, options: options ?? {}, client: this.#connection.name };
  }

  /** What comes after the interceptors. */
  #callDirectly({ kind, target, data, options }: ClientCall): Promise<unknown> {
    if (kind === 'send') return this.#calls.send(target, data, options);
    if (kind === 'emit') return this.#calls.emit(target, data, options);
    return Promise.resolve(this.#calls.stream(target, data, options));
  }
}

/** @throws RpcException 500 when an interceptor has given something else than a stream. */
function iteratorOf(replies: unknown): AsyncIterator<unknown, undefined> {
  const iterator = (replies as Partial<AsyncIterable<unknown, undefined>> | undefined)?.[Symbol.asyncIterator]?.();
  if (iterator !== undefined) return iterator;
  throw new RpcException('A client interceptor gave no AsyncIterable for a stream: return what next() gives');
}
