import type { Subscriber, TeardownLogic, Unsubscribable } from 'rxjs';
import { Observable } from 'rxjs/internal/Observable';
import { RpcCode, RpcException } from '../errors/index.ts';

/** What every Observable library has in common. */
export interface Subscribable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): unknown;
}

/**
 * Reads an Observable, which pushes, one value at a time. Values wait here while the reader is busy, at most
 * `maxBacklog` of them: then the source is unsubscribed and the reader gets 429.
 *
 * Subscribes at the first `next()`. `return()` unsubscribes, also from a source that is emitting synchronously.
 */
export class ObservableIterator implements AsyncIterator<unknown, undefined> {
  readonly #source: Subscribable;
  readonly #maxBacklog: number;
  readonly #lastOnly: boolean;
  #backlog: unknown[] = [];
  #subscriber: Subscriber<unknown> | undefined;
  #end: { readonly error: unknown; readonly failed: boolean } | undefined;
  #waiter: { resolve(result: IteratorResult<unknown, undefined>): void; reject(error: unknown): void } | undefined;

  /** @param lastOnly nobody wants but the last value: only the newest one is kept. */
  constructor(source: Subscribable, maxBacklog: number, lastOnly: boolean) {
    this.#source = source;
    this.#maxBacklog = maxBacklog;
    this.#lastOnly = lastOnly;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      if (this.#subscriber === undefined && this.#end === undefined) this.#subscribe();
      this.#serve();
    });
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.#backlog = [];
    this.#finish({ error: undefined, failed: false });
    return Promise.resolve({ done: true, value: undefined });
  }

  #subscribe(): void {
    // The subscriber is at hand before the source emits its first value, so that it can be stopped from within.
    new Observable<unknown>((subscriber) => {
      this.#subscriber = subscriber;
      return teardownOf(this.#source.subscribe(subscriber));
    }).subscribe({
      next: (value) => this.#put(value),
      error: (error: unknown) => this.#finish({ error, failed: true }),
      complete: () => this.#finish({ error: undefined, failed: false }),
    });
  }

  #put(value: unknown): void {
    if (this.#end !== undefined) return;
    if (this.#lastOnly) this.#backlog = [value];
    else this.#backlog.push(value);
    this.#serve();
    if (this.#backlog.length > this.#maxBacklog) {
      const message = `The handler's Observable is more than ${this.#maxBacklog} values ahead of its reader: return an AsyncIterable, which waits`;
      this.#backlog = [];
      this.#finish({ error: new RpcException(message, { code: RpcCode.Overloaded }), failed: true });
    }
  }

  #finish(end: { error: unknown; failed: boolean }): void {
    const isFirst = this.#end === undefined;
    this.#end ??= end;
    this.#serve();
    if (!isFirst) return;
    try {
      this.#subscriber?.unsubscribe();
    } catch {
      // A teardown of the handler's that throws has nobody left to tell, and must not reach rxjs, which would end the process.
    }
  }

  #serve(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    if (this.#backlog.length > 0) {
      this.#waiter = undefined;
      waiter.resolve({ done: false, value: this.#backlog.shift() });
    } else if (this.#end !== undefined) {
      this.#waiter = undefined;
      if (this.#end.failed) waiter.reject(this.#end.error);
      else waiter.resolve({ done: true, value: undefined });
    }
  }
}

/** What rxjs can take back: other libraries' `subscribe` give something else, or nothing. */
function teardownOf(subscription: unknown): TeardownLogic {
  if (typeof subscription === 'function') return subscription as () => void;
  const { unsubscribe } = (subscription ?? {}) as { unsubscribe?: unknown };
  return typeof unsubscribe === 'function' ? (subscription as Unsubscribable) : undefined;
}
