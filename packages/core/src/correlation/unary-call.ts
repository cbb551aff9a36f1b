import { type Body, type Codec, decodePayload } from '../envelope/index.ts';
import type { RpcException } from '../errors/index.ts';
import { type OutgoingCall, PendingCall } from './pending-call.ts';

/** A call that wants one reply: of a stream the last. */
export class UnaryCall extends PendingCall {
  readonly #codec: Codec;
  readonly #resolve: (value: unknown) => void;
  readonly fail: (error: RpcException) => void;

  constructor(
    call: OutgoingCall,
    codec: Codec,
    resolve: (value: unknown) => void,
    reject: (error: RpcException) => void,
  ) {
    super(call);
    this.#codec = codec;
    this.#resolve = resolve;
    this.fail = reject;
  }

  get credit(): number {
    return 0;
  }

  reply(body: Body, contentType: string | undefined, last: boolean): void {
    if (last) this.#resolve(decodePayload(body, contentType, this.#codec));
  }

  complete(): void {
    this.#resolve(undefined);
  }
}
