import type {
  AnyEventContract,
  AnyMessageContract,
  EventContract,
  InputOf,
  MessageContract,
  OutputOf,
  Pattern,
  Schema,
} from '../patterns/index.ts';
import type { AnyCallOptions, AnyStreamOptions, CallOptions, EmitOptions, StreamOptions } from './call-options.ts';

/** The type of a reply: by `responseType` when it is given, else by the contract. */
export type ReceivedReply<Target, Response> = Response extends Schema
  ? OutputOf<Response>
  : Target extends MessageContract<infer _Request, infer Reply>
    ? OutputOf<Reply>
    : unknown;

/** The type of what is sent: the input of the contract's schema; anything for a bare pattern. */
export type SentRequest<Target> =
  Target extends MessageContract<infer Request, infer _Reply> ? InputOf<Request> : unknown;

/** The type of what is emitted. */
export type SentPayload<Target> = Target extends EventContract<infer Payload> ? InputOf<Payload> : unknown;

/** `data` may be left out where `undefined` is allowed. */
export type DataArguments<Data, Options> = undefined extends Data
  ? [data?: Data, options?: Options]
  : [data: Data, options?: Options];

/** Who can call: a client proxy, and a context, which calls back over the link that its message came by. */
export interface Caller {
  /** Sends a message; resolves with the reply, or the last one of a stream of replies. Rejects with `RpcException` only. */
  send<Target extends Pattern | AnyMessageContract, Response extends Schema | undefined = undefined>(
    target: Target,
    ...args: DataArguments<SentRequest<Target>, CallOptions<Response>>
  ): Promise<ReceivedReply<Target, Response>>;
  /** Each iteration sends the message once and reads its replies as they are wanted; `break` cancels. */
  stream<Target extends Pattern | AnyMessageContract, Response extends Schema | undefined = undefined>(
    target: Target,
    ...args: DataArguments<SentRequest<Target>, StreamOptions<Response>>
  ): AsyncIterable<ReceivedReply<Target, Response>>;
}

/** A caller as core's rooms hand it around; the types are put on at the doors. */
export interface UntypedCaller {
  send(target: Pattern | AnyMessageContract, data: unknown, options?: AnyCallOptions): Promise<unknown>;
  stream(target: Pattern | AnyMessageContract, data: unknown, options?: AnyStreamOptions): AsyncIterable<unknown>;
  emit(target: Pattern | AnyEventContract, data: unknown, options?: EmitOptions): Promise<void>;
}
