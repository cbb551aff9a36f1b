import { Abortable } from '../dispatch/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';

/** An iterator that is opened when it is first read. Leaving it before that costs nothing. */
export class LazyIterator<Value> implements AsyncIterator<Value, undefined> {
  readonly #open: (leaving: Abortable) => Promise<AsyncIterator<Value, undefined>>;
  readonly #leaving = new Abortable();
  #opened: Promise<AsyncIterator<Value, undefined>> | undefined;

  /** @param open is told when the reader leaves meanwhile. */
  constructor(open: (leaving: Abortable) => Promise<AsyncIterator<Value, undefined>>) {
    this.#open = open;
  }

  async next(): Promise<IteratorResult<Value, undefined>> {
    if (this.#leaving.aborted) return ended;
    this.#opened ??= this.#open(this.#leaving);
    try {
      const iterator = await this.#opened;
      return await iterator.next();
    } catch (thrown) {
      if (this.#leaving.aborted) return ended;
      throw thrown;
    }
  }

  async return(): Promise<IteratorResult<Value, undefined>> {
    this.#leaving.abort(new RpcException('The reader has left', { code: RpcCode.Cancelled }));
    // One that could not be opened has told so to who called next().
    const iterator = await this.#opened?.catch(() => undefined);
    await iterator?.return?.();
    return ended;
  }
}

const ended = { done: true, value: undefined } as const;
