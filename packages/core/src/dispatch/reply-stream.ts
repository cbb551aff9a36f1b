import type { Abortable } from './abortable.ts';
import { ObservableIterator, type Subscribable } from './observable-iterator.ts';

/** What a stream of replies reports to; each call sends one answer. */
export interface ReplySink {
  /** A promise when the way out is full. @throws RpcException when the value cannot be sent. */
  reply(value: unknown, last: boolean): Promise<void> | undefined;
  complete(): void;
  fail(thrown: unknown): void;
  /** The source has been left, whatever the reason: nothing of it runs any more. */
  left(): void;
}

/** What a handler returns for a stream of replies. */
export type ReplySource = AsyncIterable<unknown> | Subscribable;

/** Whether a handler's result is a stream of replies. A Node `Readable` is, an array or a generator that is not async is not. */
export function isStream(value: unknown): value is ReplySource {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as { [Symbol.asyncIterator]?: unknown; subscribe?: unknown };
  return typeof candidate[Symbol.asyncIterator] === 'function' || typeof candidate.subscribe === 'function';
}

/** The real one, also under a test's fake timers. */
const { setImmediate } = globalThis;

/** Values that are read of a source before everything else in the process gets its turn. */
const readsPerTurn = 256;

/** Drives one stream of replies at the pace of the caller's credit. */
export class ReplyStream {
  readonly #source: ReplySource;
  readonly #iterator: AsyncIterator<unknown, unknown>;
  readonly #sink: ReplySink;
  readonly #lastOnly: boolean;
  #credit: number;
  #sent = 0;
  #reads = 0;
  #stopped = false;
  #creditWaiter: (() => void) | undefined;

  /** @param credit replies allowed so far; 0: only the last one is wanted. */
  constructor(source: ReplySource, credit: number, maxBacklog: number, sink: ReplySink) {
    this.#source = source;
    this.#lastOnly = credit === 0;
    this.#iterator =
      Symbol.asyncIterator in source
        ? source[Symbol.asyncIterator]()
        : new ObservableIterator(source, maxBacklog, this.#lastOnly);
    this.#credit = credit;
    this.#sink = sink;
  }

  /** Sends until the end. Never rejects. */
  async run(): Promise<void> {
    try {
      await (this.#lastOnly ? this.#sendLast() : this.#sendAll());
    } catch (thrown) {
      if (!this.#stopped) {
        this.#sink.fail(thrown);
        this.#leave();
      }
    } finally {
      this.#sink.left();
    }
  }

  /** @param total replies that may have been sent since the beginning; less than before changes nothing. */
  allow(total: number): void {
    if (total <= this.#credit) return;
    this.#credit = total;
    this.#wake();
  }

  /** Nobody reads on: the iterator's `return()` runs the generator's `finally`, or unsubscribes the Observable. */
  stop(): void {
    if (this.#stopped) return;
    this.#leave();
    this.#wake();
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      while (this.#sent >= this.#credit && !this.#stopped) {
        await new Promise<void>((resolve) => {
          this.#creditWaiter = resolve;
        });
      }
      if (this.#stopped) return;
      const { done, value } = await this.#read();
      if (this.#stopped) return;
      if (done === true) {
        this.#sink.complete();
        return;
      }
      this.#sent += 1;
      const full = this.#sink.reply(value, false);
      if (full !== undefined) await full.catch(() => undefined);
    }
  }

  async #sendLast(): Promise<void> {
    let last: { readonly value: unknown } | undefined;
    while (!this.#stopped) {
      const { done, value } = await this.#read();
      if (done === true) break;
      last = { value };
    }
    if (this.#stopped) return;
    if (last === undefined) this.#sink.complete();
    else void this.#sink.reply(last.value, true)?.catch(() => undefined);
  }

  /** A source that never waits for anything would else keep the process from everything, even from cancelling it. */
  #read(): Promise<IteratorResult<unknown, unknown>> {
    this.#reads += 1;
    if (this.#reads % readsPerTurn !== 0) return this.#iterator.next();
    return new Promise((resolve) => setImmediate(resolve)).then(() => this.#iterator.next());
  }

  #leave(): void {
    this.#stopped = true;
    // Not awaited: a generator that waits for something of its own gets to its `finally` when that has come.
    try {
      destroyReadable(this.#source);
      void Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
    } catch {
      // What throws when it is left has no one left to tell.
    }
  }

  #wake(): void {
    const wake = this.#creditWaiter;
    this.#creditWaiter = undefined;
    wake?.();
  }
}

/** A Node `Readable` that waits for data would not hear of its iterator's `return()` before some comes. */
function destroyReadable(source: ReplySource & { pipe?: unknown; destroy?: unknown }): void {
  if (typeof source.pipe === 'function' && typeof source.destroy === 'function') source.destroy();
}

/** Reads a stream that nobody wants the replies of, as an event handler may return one. Rejects as the stream fails. */
export function readToEnd(source: ReplySource, handling: Pick<Abortable, 'onAbort'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = new ReplyStream(source, 0, 1, {
      reply: () => undefined,
      complete: () => undefined,
      fail: reject,
      left: resolve,
    });
    handling.onAbort((reason) => {
      stream.stop();
      // What was not read to its end is not done.
      reject(reason);
    });
    void stream.run();
  });
}
