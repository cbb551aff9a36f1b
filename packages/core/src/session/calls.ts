import type { AnyCallOptions, AnyStreamOptions, EmitOptions, UntypedCaller } from '../context/index.ts';
import { Abortable } from '../dispatch/index.ts';
import { RpcException } from '../errors/index.ts';
import type { ResolvedEndpointOptions } from '../seam/index.ts';
import { LazyIterator } from './lazy-iterator.ts';
import { givenUpBy, type PreparedCall, prepareCall, type Target } from './prepare-call.ts';
import { validatedStream } from './replies.ts';
import type { Requester } from './requester.ts';
import { withRetry } from './retry.ts';

/** Where a call finds its link. */
export interface Links {
  /** The one that a call takes now; `undefined`: there is none, or others wait for it. */
  pick(): Requester | undefined;
  /** Runs `over` with the one that the call gets, in the order in which the calls came. Rejects with `RpcException` only. */
  wait<Result>(call: PreparedCall, over: (requester: Requester) => Promise<Result>): Promise<Result>;
}

/** What a call is, beside its link: checked, given what it inherits, tried and tried again, its replies validated. */
export class Calls implements UntypedCaller {
  readonly #options: ResolvedEndpointOptions;
  readonly #closing: Abortable;
  readonly #links: Links;
  #retrying = 0;

  /** @param closing aborts when nothing can be sent any more: calls are not tried again after that */
  constructor(options: ResolvedEndpointOptions, links: Links, closing = new Abortable()) {
    this.#options = options;
    this.#closing = closing;
    this.#links = links;
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
    const requester = options?.retry === undefined ? this.#links.pick() : undefined;
    return requester === undefined ? this.#sendLater(call, options) : requester.send(call, call.preparedAt);
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
    const requester = options?.retry === undefined ? this.#links.pick() : undefined;
    if (requester === undefined) return this.#emitLater(call, options);
    return requester.emit(call, options?.key, call.preparedAt);
  }

  // Apart, because a function in which a closure is made pays for it on its other ways, too.
  #sendLater(call: PreparedCall, options: AnyCallOptions | undefined): Promise<unknown> {
    return this.#try(call, options, false, (requester) => requester.send(call));
  }

  #emitLater(call: PreparedCall, options: EmitOptions | undefined): Promise<void> {
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
    const attempt = () => {
      const requester = this.#links.pick();
      return requester === undefined ? this.#links.wait(call, over) : over(requester);
    };
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
