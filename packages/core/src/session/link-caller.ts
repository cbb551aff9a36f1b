import type { CallOptions, EmitOptions, StreamOptions, UntypedCaller } from '../context/index.ts';
import type { ResolvedEndpointOptions } from '../seam/index.ts';
import { type PreparedCall, prepareCall, type Target } from './prepare-call.ts';
import { validated, validatedStream } from './replies.ts';
import type { Requester } from './requester.ts';

/** Calls over one link: what `ctx.send` of the handlers behind it uses. */
export class LinkCaller implements UntypedCaller {
  readonly #requester: Requester;
  readonly #options: ResolvedEndpointOptions;

  constructor(requester: Requester, options: ResolvedEndpointOptions) {
    this.#requester = requester;
    this.#options = options;
  }

  async send(target: Target, data: unknown, options?: CallOptions): Promise<unknown> {
    const call = this.#prepare('message', target, data, options);
    return validated(call.schema, await this.#requester.send(call));
  }

  stream(target: Target, data: unknown, options?: StreamOptions): AsyncIterable<unknown> {
    return {
      [Symbol.asyncIterator]: () => {
        const call = this.#prepare('message', target, data, options);
        return validatedStream(call.schema, this.#requester.stream(call, options?.buffer ?? this.#options.buffer));
      },
    };
  }

  async emit(target: Target, data: unknown, options?: EmitOptions): Promise<void> {
    await this.#requester.emit(this.#prepare('event', target, data, options), options?.key);
  }

  #prepare(kind: 'message' | 'event', target: Target, data: unknown, options: CallOptions | undefined): PreparedCall {
    return prepareCall(kind, target, data, options, this.#options.timeout);
  }
}
