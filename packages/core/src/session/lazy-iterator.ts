/** An iterator that is opened when it is first read. Leaving it before that costs nothing. */
export class LazyIterator<Value> implements AsyncIterator<Value, undefined> {
  readonly #open: (isLeft: () => boolean) => Promise<AsyncIterator<Value, undefined>>;
  #opened: Promise<AsyncIterator<Value, undefined>> | undefined;
  #left = false;

  /** @param open is told whether the reader has left meanwhile. */
  constructor(open: (isLeft: () => boolean) => Promise<AsyncIterator<Value, undefined>>) {
    this.#open = open;
  }

  async next(): Promise<IteratorResult<Value, undefined>> {
    if (this.#left) return { done: true, value: undefined };
    this.#opened ??= this.#open(() => this.#left);
    const iterator = await this.#opened;
    return iterator.next();
  }

  async return(): Promise<IteratorResult<Value, undefined>> {
    this.#left = true;
    // One that could not be opened has told so to who called next().
    const iterator = await this.#opened?.catch(() => undefined);
    await iterator?.return?.();
    return { done: true, value: undefined };
  }
}
