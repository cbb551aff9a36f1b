import { type Codec, decodePayload, type Reply } from '../envelope/index.ts';
import type { RpcException } from '../errors/index.ts';
import { type OutgoingCall, PendingCall } from './pending-call.ts';

/** A call that wants one reply: of a stream the last. */
export class UnaryCall extends PendingCall {
  readonly #resolve: (value: unknown) => void;
  readonly fail: (error: RpcException) => void;

  constructor(
    call: OutgoingCall,
    now: number,
    resolve: (value: unknown) => void,
    reject: (error: RpcException) => void,
  ) {
    super(call, now);
    this.#resolve = resolve;
    this.fail = reject;
  }

  get credit(): number {
    return 0;
  }

  reply({ body, contentType, last }: Reply, codec: Codec): void {
    if (last) this.#resolve(decodePayload(body, contentType, codec));
  }

  complete(): void {
    this.#resolve(undefined);
  }
}
