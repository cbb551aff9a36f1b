import type { Headers } from '../envelope/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import type { AnyEventContract, AnyMessageContract, Pattern, Schema } from '../patterns/index.ts';
import type { CallOptions, EmitOptions, StreamOptions } from './call-options.ts';
import type { DataArguments, ReceivedReply, SentPayload, SentRequest, UntypedCaller } from './caller.ts';

/** What a context reads: the message as dispatch knows it. Opaque to transports. */
export interface HandledMessage {
  readonly pattern: string;
  readonly correlationId: string | undefined;
  readonly headers: Headers;
  readonly isEvent: boolean;
  readonly attempt: number;
  readonly transport: string;
  /** What the transport put into the envelope's `source`. */
  readonly source: unknown;
  /** Over the link that the message came by. */
  readonly caller: UntypedCaller;
  readonly aborted: boolean;
  /** The handler has ended: what it has left running is on its own. */
  readonly over: boolean;
  /** Made when it is first asked for. */
  readonly signal: AbortSignal;
  /** By `performance.now()`; `Infinity`: none. */
  readonly deadline: number;
  /** Cheaper than `signal` for who only wants to be told. Returns its undo. */
  onAbort(listener: (reason: unknown) => void): () => void;
  /** Moves the deadline of both sides. */
  defer(milliseconds: number): void;
  /** An `emit` that nobody waits for has failed. */
  emitFailed(pattern: string, error: unknown): void;
}

/** What a handler gets with its data. Transports subclass it and add what is theirs (`TcpContext`, `KafkaContext`). */
export class MessageContext {
  readonly #message: HandledMessage;

  constructor(message: HandledMessage) {
    this.#message = message;
  }

  /** The driver's own message or connection, for subclasses. */
  protected get source(): unknown {
    return this.#message.source;
  }

  /** The key of the pattern that the message was sent to; for a wildcard handler the actual one. */
  get pattern(): string {
    return this.#message.pattern;
  }

  /** Ties the replies to the request, as the transport writes it; unique on its link. `undefined` for events. */
  get correlationId(): string | undefined {
    return this.#message.correlationId;
  }

  /** What the caller gave as headers; empty when it gave none. */
  get headers(): Headers {
    return this.#message.headers;
  }

  /** The name of the transport that the message came by, as in `Transports`. */
  get transport(): string {
    return this.#message.transport;
  }

  get isEvent(): boolean {
    return this.#message.isEvent;
  }

  /** 1 at first; counts retries in this process and, where the broker counts them, earlier deliveries. */
  get attempt(): number {
    return this.#message.attempt;
  }

  /** Aborts when the caller cancels or vanishes, when the deadline passes, and when the host's drain runs out of time. */
  get signal(): AbortSignal {
    return this.#message.signal;
  }

  /** When the caller stops waiting, in milliseconds since the epoch; `undefined` for events and where there is no limit. */
  get deadline(): number | undefined {
    const { deadline } = this.#message;
    return deadline === Number.POSITIVE_INFINITY ? undefined : Date.now() + (deadline - performance.now());
  }

  /**
   * Sends a message over the link that this one came by: on a connection to the peer at its other end, on a broker to
   * whoever serves the pattern. Inherits the deadline, the signal and the trace headers, as every call in a handler.
   */
  send<Target extends Pattern | AnyMessageContract, Response extends Schema | undefined = undefined>(
    target: Target,
    ...[data, options]: DataArguments<SentRequest<Target>, CallOptions<Response>>
  ): Promise<ReceivedReply<Target, Response>> {
    return this.#message.caller.send(target, data, options) as Promise<ReceivedReply<Target, Response>>;
  }

  /** As {@link send}, for a stream of replies. */
  stream<Target extends Pattern | AnyMessageContract, Response extends Schema | undefined = undefined>(
    target: Target,
    ...[data, options]: DataArguments<SentRequest<Target>, StreamOptions<Response>>
  ): AsyncIterable<ReceivedReply<Target, Response>> {
    return this.#message.caller.stream(target, data, options) as AsyncIterable<ReceivedReply<Target, Response>>;
  }

  /** Emits an event over the same link and does not wait; a failure is logged. */
  emit<Target extends Pattern | AnyEventContract>(
    target: Target,
    ...args: DataArguments<SentPayload<Target>, EmitOptions>
  ): void {
    this.emitWait(target, ...args).catch((error: unknown) => this.#message.emitFailed(this.pattern, error));
  }

  /** Emits an event over the same link; resolves as `ClientProxy.emit` does. */
  emitWait<Target extends Pattern | AnyEventContract>(
    target: Target,
    ...[data, options]: DataArguments<SentPayload<Target>, EmitOptions>
  ): Promise<void> {
    return this.#message.caller.emit(target, data, options);
  }

  /**
   * Moves the deadline of both sides to now + `milliseconds`, never beyond the deadline that the caller itself has
   * inherited.
   *
   * @throws RpcException 400 in an event handler, and for what is no positive number.
   */
  deferResponse(milliseconds: number): void {
    if (this.isEvent)
      throw new RpcException('deferResponse: nobody waits for the handler of an event', { code: RpcCode.BadRequest });
    if (!(typeof milliseconds === 'number' && milliseconds > 0 && milliseconds <= 2 ** 31 - 1)) {
      throw new RpcException(
        `deferResponse: milliseconds must be from 1 to ${2 ** 31 - 1}, got ${String(milliseconds)}`,
        {
          code: RpcCode.BadRequest,
        },
      );
    }
    this.#message.defer(Math.ceil(milliseconds));
  }

  /** For core: what calls made inside of the handler inherit. */
  static messageOf(context: MessageContext): HandledMessage {
    return context.#message;
  }
}
