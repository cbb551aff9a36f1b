import { type Body, type CallId, type Codec, contentTypeOf, encodePayload, utf8Length } from '../envelope/index.ts';
import { errorToWire, RpcCode, RpcException } from '../errors/index.ts';
import type { Link } from '../seam/index.ts';
import type { RequestHandling } from './handling.ts';
import { observe } from './observe.ts';

/** Sends what a link's handlers answer, numbered where the wire can lose or repeat. */
export class Answers {
  readonly #link: Link;
  readonly #codec: Codec;

  constructor(link: Link, codec: Codec) {
    this.#link = link;
    this.#codec = codec;
  }

  /**
   * Gives a promise when the way out is full; it never rejects.
   *
   * @throws RpcException 413 for a value that is too large; an Error, which the caller sees as 500, for one that cannot
   *   be encoded: that is not the caller's fault.
   */
  reply(handling: RequestHandling, value: unknown, last: boolean): Promise<void> | undefined {
    const body = this.#encode(handling, value);
    const contentType = contentTypeOf(value, this.#codec);
    const seq = this.#count(handling);
    const full = this.#link.send({ kind: 'reply', id: handling.id, seq, last, contentType, body });
    return full?.catch(() => undefined);
  }

  complete(handling: RequestHandling): void {
    observe(this.#link.send({ kind: 'complete', id: handling.id, seq: this.#count(handling) }));
  }

  error(handling: RequestHandling, error: RpcException): void {
    const body = this.#errorBody(error);
    observe(this.#link.send({ kind: 'error', id: handling.id, seq: this.#count(handling), body }));
  }

  /** Of a request that no handler sees. */
  refusal(id: CallId, error: RpcException): void {
    const seq = this.#link.shared ? undefined : 0;
    observe(this.#link.send({ kind: 'error', id, seq, body: this.#errorBody(error) }));
  }

  /** @param timeout milliseconds; 0: a stream has begun, or goes on. */
  defer(handling: RequestHandling, timeout: number): void {
    const seq = this.#link.shared ? undefined : handling.answered;
    observe(this.#link.send({ kind: 'defer', id: handling.id, seq, timeout }));
  }

  #encode(handling: RequestHandling, value: unknown): Body {
    try {
      return encodePayload(value, this.#codec, this.#link.maxBody);
    } catch (thrown) {
      if (RpcException.from(thrown).code === RpcCode.PayloadTooLarge) throw thrown;
      throw new Error(`What ${handling.handler} replied cannot be sent`, { cause: thrown });
    }
  }

  #errorBody(error: RpcException): string {
    const body = errorToWire(error);
    if (utf8Length(body) <= this.#link.maxBody) return body;
    return errorToWire(new RpcException('An error was too large to be sent', { code: error.code }));
  }

  #count(handling: RequestHandling): number | undefined {
    const seq = handling.answered;
    handling.answered += 1;
    return this.#link.shared ? undefined : seq;
  }
}
