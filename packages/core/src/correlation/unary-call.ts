import { type Codec, decodePayload, type Reply } from '../envelope/index.ts';
import { type RpcException, rethrow } from '../errors/index.ts';
import { type Schema, validate } from '../patterns/index.ts';
import { type OutgoingCall, PendingCall } from './pending-call.ts';

/** A call that wants one reply: of a stream the last. */
export class UnaryCall extends PendingCall {
  readonly #schema: Schema | undefined;
  readonly #resolve: (value: unknown) => void;
  readonly fail: (error: RpcException) => void;

  constructor(
    call: OutgoingCall,
    now: number,
    resolve: (value: unknown) => void,
    reject: (error: RpcException) => void,
  ) {
    super(call, now);
    this.#schema = call.schema;
    this.#resolve = resolve;
    this.fail = reject;
  }

  get credit(): number {
    return 0;
  }

  reply({ body, contentType, last }: Reply, codec: Codec): void {
    if (last) this.#settle(decodePayload(body, contentType, codec));
  }

  complete(): void {
    this.#settle(undefined);
  }

  /** Here and not behind the promise: another one for each call would cost more than most schemas. */
  #settle(value: unknown): void {
    if (this.#schema === undefined) {
      this.#resolve(value);
      return;
    }
    const valid = validate(this.#schema, value, 'reply');
    this.#resolve(valid instanceof Promise ? valid.catch(rethrow) : valid);
  }
}
