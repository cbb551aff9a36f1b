import { Observable } from 'rxjs/internal/Observable';
import type {
  Caller,
  CallOptions,
  DataArguments,
  EmitOptions,
  PayloadOf,
  ReplyOf,
  RequestOf,
  StreamOptions,
} from '../context/index.ts';
import type { AnyEventContract, AnyMessageContract, Pattern, Schema } from '../patterns/index.ts';
import type { Class } from '../seam/index.ts';
import { type PreparedCall, prepareCall, type Session, validated, validatedStream } from '../session/index.ts';
import { type ClientCall, composeClient } from './client-interceptor.ts';
import type { ClientStatus } from './client-status.ts';
import { Connection, type ConnectionSetup } from './connection.ts';
import { LazyIterator } from './lazy-iterator.ts';
import { withRetry } from './retry.ts';

export type ClientSetup = ConnectionSetup;

/**
 * The client side of a transport: sends messages, reads streams of replies, emits events. Connects at the first call.
 *
 * Every call settles, and rejects with `RpcException` only: within its timeout with 408, when its `signal` aborts with
 * 499, when the connection is lost under it with 502, when nothing could be sent with 503.
 */
export class ClientProxy implements Caller {
  readonly #connection: Connection;
  readonly #intercepted: ((call: ClientCall) => Promise<unknown>) | undefined;

  /** Made by the host from `provideMicroservices`, or by `createClient`. */
  constructor(setup: ClientSetup) {
    this.#connection = new Connection(setup);
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
   * @param options.timeout milliseconds for what is still to be flushed. Default 10 000.
   */
  close(options: { readonly timeout?: number } = {}): Promise<void> {
    return this.#connection.close(options.timeout ?? 10_000);
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
    return this.#connection.pending;
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
    ...[data, options]: DataArguments<RequestOf<Target>, CallOptions<Response>>
  ): Promise<ReplyOf<Target, Response>> {
    return this.#call('send', target, data, options) as Promise<ReplyOf<Target, Response>>;
  }

  stream<Target extends Pattern | AnyMessageContract, Response extends Schema | undefined = undefined>(
    target: Target,
    ...[data, options]: DataArguments<RequestOf<Target>, StreamOptions<Response>>
  ): AsyncIterable<ReplyOf<Target, Response>> {
    const open = async (isLeft: () => boolean) => {
      const call = { kind: 'stream', target, data, options: options ?? {}, client: this.#connection.name } as const;
      if (this.#intercepted === undefined) return this.#openStream(call, isLeft);
      const replies = (await this.#intercepted(call)) as AsyncIterable<unknown>;
      return replies[Symbol.asyncIterator]() as AsyncIterator<unknown, undefined>;
    };
    return {
      [Symbol.asyncIterator]: () => new LazyIterator(open) as AsyncIterator<ReplyOf<Target, Response>, undefined>,
    };
  }

  /** {@link stream} as a cold Observable: one request for each subscription, unsubscribing cancels. */
  sendAsObservable<Target extends Pattern | AnyMessageContract, Response extends Schema | undefined = undefined>(
    target: Target,
    ...args: DataArguments<RequestOf<Target>, StreamOptions<Response>>
  ): Observable<ReplyOf<Target, Response>> {
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
    ...[data, options]: DataArguments<PayloadOf<Target>, EmitOptions>
  ): Promise<void> {
    return this.#call('emit', target, data, options) as Promise<void>;
  }

  #call(
    kind: 'send' | 'emit',
    target: ClientCall['target'],
    data: unknown,
    options: ClientCall['options'] | undefined,
  ): Promise<unknown> {
    if (this.#intercepted !== undefined) {
      return this.#intercepted({ kind, target, data, options: options ?? {}, client: this.#connection.name });
    }
    return kind === 'send' ? this.#send(target, data, options) : this.#emit(target, data, options);
  }

  /** What comes after the interceptors. */
  #callDirectly(call: ClientCall): Promise<unknown> {
    if (call.kind === 'send') return this.#send(call.target, call.data, call.options);
    if (call.kind === 'emit') return this.#emit(call.target, call.data, call.options);
    const open = (isLeft: () => boolean) => this.#openStream(call, isLeft);
    return Promise.resolve({ [Symbol.asyncIterator]: () => new LazyIterator(open) });
  }

  /** Without `async`, which the hot path would pay for with two more promises a call. */
  #send(target: ClientCall['target'], data: unknown, options: CallOptions | undefined): Promise<unknown> {
    let call: PreparedCall;
    try {
      call = prepareCall('message', target, data, options, this.#connection.options.timeout);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
    const { schema } = call;
    const reply = this.#try(call, options, false, (session) => session.requester.send(call));
    return schema === undefined ? reply : reply.then((value) => validated(schema, value));
  }

  #emit(target: ClientCall['target'], data: unknown, options: EmitOptions | undefined): Promise<void> {
    let call: PreparedCall;
    try {
      call = prepareCall('event', target, data, options, this.#connection.options.timeout);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
    return this.#try(call, options, true, (session) => session.requester.emit(call, options?.key));
  }

  /** Resolves with the first reply at hand, since until then the stream may be tried again. */
  async #openStream(
    { target, data, options }: ClientCall,
    isLeft: () => boolean,
  ): Promise<AsyncIterator<unknown, undefined>> {
    const call = prepareCall('message', target, data, options, this.#connection.options.timeout);
    const buffer = options.buffer ?? this.#connection.options.buffer;
    return this.#try(call, options, false, async (session) => {
      if (isLeft()) return ended;
      const replies = validatedStream(call.schema, session.requester.stream(call, buffer));
      if (options.retry === undefined) return replies;
      return startingWith(await replies.next(), replies);
    });
  }

  #try<Result>(
    call: PreparedCall,
    options: CallOptions | undefined,
    isEvent: boolean,
    over: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    const attempt = () => {
      const session = this.#connection.pick();
      return session === undefined ? this.#connection.whenLinked(call).then(over) : over(session);
    };
    return options?.retry === undefined ? attempt() : withRetry(call, options.retry, isEvent, attempt);
  }
}

/** For who left before there was anything to read. */
const ended: AsyncIterator<unknown, undefined> = { next: () => Promise.resolve({ done: true, value: undefined }) };

function startingWith(
  first: IteratorResult<unknown, undefined>,
  rest: AsyncIterator<unknown, undefined>,
): AsyncIterator<unknown, undefined> {
  let isFirst = true;
  return {
    next() {
      if (!isFirst) return rest.next();
      isFirst = false;
      return Promise.resolve(first);
    },
    async return() {
      return (await rest.return?.()) ?? { done: true, value: undefined };
    },
  };
}
