import { AsyncResource } from 'node:async_hooks';
import { enterContext, runOutsideContext, SharedPlace } from './context-storage.ts';
import type { MessageContext } from './message-context.ts';

/** A handler has this often not given a promise, and never given one, before its messages share a frame. */
const provenAfter = 100;

/**
 * Runs one handler so that `currentContext()` finds the context of its message, through all of its awaits, and so that
 * nothing else that it sets in an AsyncLocalStorage reaches the messages after it.
 *
 * Each message gets a frame of AsyncLocalStorage, which costs as much as parsing a small body twice. A handler that gives no promises
 * needs none that outlives it: its messages share one, whose place holds a context only while the handler runs. What
 * such a handler leaves running behind it finds no context, as is promised of what is left running.
 *
 * A handler may give its first promise after all. Then the frame is that message's for good, and the handler is given one for each
 * message from there on; what earlier messages have left running would take that message's context for theirs, until it ends.
 */
export class HandlerFrame {
  readonly #place = new SharedPlace();
  readonly #outside: AsyncResource;
  readonly #shared: AsyncResource;
  /** How often the handler has returned. */
  #returns = 0;
  #givesPromises = false;

  constructor() {
    this.#outside = runOutsideContext(() => new AsyncResource('ParleyHandler'));
    this.#shared = this.#place.run(() => new AsyncResource('ParleyHandler'));
  }

  /** Whoever gets a promise from it calls {@link goesOn}. Throws what the handler throws. */
  run<Data, Result>(
    handler: (data: Data, context: MessageContext) => Result,
    data: Data,
    context: MessageContext,
  ): Result {
    if (this.#givesPromises || this.#returns < provenAfter) {
      const result = this.#outside.runInAsyncScope(enterContext<Data, Result>, undefined, handler, data, context);
      this.#returns += 1;
      return result;
    }
    const place = this.#place;
    // A handler may be called in the middle of itself.
    const before = place.context;
    place.context = context;
    try {
      return this.#shared.runInAsyncScope(handler, undefined, data, context);
    } finally {
      place.context = before;
    }
  }

  /** The handler has not ended yet: it has given a promise. */
  goesOn(context: MessageContext): void {
    if (!this.#givesPromises && this.#returns >= provenAfter) this.#place.context = context;
    this.#givesPromises = true;
  }
}
