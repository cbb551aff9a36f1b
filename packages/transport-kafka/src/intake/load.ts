/** Bytes that may be here unsettled. */
const mostBytes = 64 * 1_048_576;

/** What was fetched and is not settled, against what may be. */
export class Load {
  readonly #mostMessages: number;
  #messages = 0;
  #bytes = 0;

  constructor(mostMessages: number) {
    this.#mostMessages = mostMessages;
  }

  add({ size }: { readonly size: number }): void {
    this.#messages += 1;
    this.#bytes += size;
  }

  remove({ size }: { readonly size: number }): void {
    this.#messages -= 1;
    this.#bytes -= size;
  }

  /** No more should be fetched … */
  get isFull(): boolean {
    return this.#messages >= this.#mostMessages || this.#bytes >= mostBytes;
  }

  /** … until this. */
  get isHalf(): boolean {
    return this.#messages <= this.#mostMessages / 2 && this.#bytes <= mostBytes / 2;
  }
}
