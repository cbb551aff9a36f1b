import type { Observable } from 'rxjs';
import type { MessageContext } from '../context/index.ts';
import type { EventContract, InputOf, MessageContract, OutputOf } from '../patterns/index.ts';
import type { RetryOptions, TransportContexts } from '../seam/index.ts';

/** What a handler may give back for replies of one type: one reply, or a stream of them, now or later. */
export type HandlerResult<Reply> = Replies<Reply> | Promise<Replies<Reply>>;
type Replies<Reply> = Reply | Observable<Reply> | AsyncIterable<Reply>;

/** What a handler gets as its payload: the output of the contract's schema; a bare pattern leaves it to the handler. */
export type HandlerData<Target> =
  Target extends MessageContract<infer Request, infer _Reply>
    ? OutputOf<Request>
    : Target extends EventContract<infer Payload>
      ? OutputOf<Payload>
      : unknown;

/** What a message handler must answer: the input of the contract's reply schema, since the client checks it. */
export type HandlerReply<Target> =
  Target extends MessageContract<infer _Request, infer Reply> ? HandlerResult<InputOf<Reply>> : unknown;

/** The context class of a transport by its name; `MessageContext` for a handler that serves several. */
export type ContextOf<Transport> = Transport extends keyof TransportContexts
  ? TransportContexts[Transport]
  : MessageContext;

export interface MessageHandlerOptions<Transport extends string = string> {
  /** Only serve this transport, as in `Transports`; it also types the context. Default: all of the host. */
  readonly transport?: Transport | undefined;
}

export interface EventHandlerOptions<Transport extends string = string> extends MessageHandlerOptions<Transport> {
  /** Tries of a durable event before the dead letter. Default: the endpoint's `retry` (5 tries, backoff 200 ms to 30 s). */
  readonly retry?: RetryOptions | undefined;
  /** Every instance gets every event, instead of one of each group. Where events are durable, those from its start on. */
  readonly broadcast?: boolean | undefined;
}
