import type { AnyCallOptions, AnyStreamOptions, EmitOptions, UntypedCaller } from '../context/index.ts';
import { Abortable } from '../dispatch/index.ts';
import { RpcException } from '../errors/index.ts';
import type { ResolvedEndpointOptions } from '../seam/index.ts';
import { LazyIterator } from './lazy-iterator.ts';
import { givenUpBy, type PreparedCall, prepareCall, type Target } from './prepare-call.ts';
import { validated, validatedStream } from './replies.ts';
import type { Requester } from './requester.ts';
import { withRetry } from './retry.ts';

/** Gives one try of a call its link: at once, or in the order in which the calls came. Rejects with `RpcException` only. */
export type Route = <Result>(call: PreparedCall, over: (requester: Requester) => Promise<Result>) => Promise<Result>;

/** What a call is, beside its link: checked, given what it inherits, tried and tried again, its replies validated. */
export class Calls implements UntypedCaller {
  readonly #options: ResolvedEndpointOptions;
  readonly #closing: Abortable;
  readonly #route: Route;
  #retrying = 0;

  /** @param closing aborts when nothing can be sent any more: calls are not tried again after that */
  constructor(options: ResolvedEndpointOptions, route: Route, closing = new Abortable()) {
    this.#options = options;
    this.#closing = closing;
    this.#route = route;
  }

  /** Calls with `retry` that are not settled, also between two tries. */
  get retrying(): number {
    return this.#retrying;
  }

  /** Without `async`, which the hot path would pay for with two more promises a call. */
  send(target: Target, data: unknown, options?: AnyCallOptions): Promise<unknown> {
    let call: PreparedCall;
    try {
      call = this.#prepare('message', target, data, options);
    } catch (thrown) {
      return Promise.reject(RpcException.from(thrown));
    }
    const { schema } = call;
    const reply = this.#try(call, options, false, (requester) => requester.send(call));
    return schema === undefined ? reply : reply.then((value) => validated(schema, value));
  }

  /** Each iteration is a call of its own, which begins when it is first read. */
  stream(target: Target, data: unknown, options?: AnyStreamOptions): AsyncIterable<unknown> {
    const open = async (leaving: Abortable) => this.#openStream(target, data, options, leaving);
    return { [Symbol.asyncIterator]: () => new LazyIterator(open) };
  }

  emit(target: Target, data: unknown, options?: EmitOptions): Promise<void> {
    let call: PreparedCall;
    try {
      call = this.#prepare('event', target, data, options);
    } catch (thrown) {
      return Promise.reject(RpcException.from(thrown));
    }
    return this.#try(call, options, true, (requester) => requester.emit(call, options?.key));
  }

  /** With `retry` the first reply is waited for, since until then the stream may be tried again. */
  #openStream(
    target: Target,
    data: unknown,
    options: AnyStreamOptions = {},
    leaving: Abortable,
  ): Promise<AsyncIterator<unknown, undefined>> {
    const call = givenUpBy(this.#prepare('message', target, data, options), leaving);
    const { buffer = this.#options.buffer, retry } = options;
    return this.#try(call, options, false, async (requester) => {
      const replies = validatedStream(call.schema, requester.stream(call, buffer));
      return retry === undefined ? replies : startingWith(await replies.next(), replies);
    });
  }

  #prepare(
    kind: 'message' | 'event',
    target: Target,
    data: unknown,
    options: AnyCallOptions | undefined,
  ): PreparedCall {
    return prepareCall(kind, target, data, options, this.#options.timeout);
  }

  #try<Result>(
    call: PreparedCall,
    options: AnyCallOptions | undefined,
    isEvent: boolean,
    over: (requester: Requester) => Promise<Result>,
  ): Promise<Result> {
    const attempt = () => this.#route(call, over);
    if (options?.retry === undefined) return attempt();
    this.#retrying += 1;
    return withRetry(call, options.retry, isEvent, this.#closing, attempt).finally(() => {
      this.#retrying -= 1;
    });
  }
}

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
