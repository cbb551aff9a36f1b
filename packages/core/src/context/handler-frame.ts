import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { enterContext, runOutsideContext, SharedPlace } from './context-storage.ts';
import type { MessageContext } from './message-context.ts';

/** A handler has this often not given a promise, and never given one, before its messages share a frame. */
const provenAfter = 10;

/**
 * Runs one handler so that `currentContext()` finds the context of its message, through all of its awaits, and so that
 * nothing else that it sets in an AsyncLocalStorage reaches the messages after it.
 *
 * Each message gets a frame of AsyncLocalStorage, which costs as much as parsing a small body. A handler that gives no promises
 * needs none that outlives it: its messages share one, whose place holds a context only while the handler runs. What
 * such a handler leaves running behind it finds no context, as is promised of what is left running.
 *
 * A handler may give its first promise after all. Then the frame is that message's for good, and each message gets one of its own
 * from there on; what earlier messages have left running would take that message's context for theirs, until it ends.
 */
export class HandlerFrame {
  readonly #outside: AsyncResource;
  #shared: SharedFrame | undefined;
  /** How often the handler has returned. */
  #returns = 0;
  #givesPromises = false;

  /** @param outside where it runs otherwise, see {@link outsideOfHandlers}. */
  constructor(outside: AsyncResource) {
    this.#outside = outside;
  }

  /** Whoever gets a promise from it calls {@link goesOn}. Throws what the handler throws. */
  run<Data, Result>(
    handler: (data: Data, context: MessageContext) => Result,
    data: Data,
    context: MessageContext,
  ): Result {
    return this.#givesPromises || this.#returns < provenAfter
      ? this.#runAlone(handler, data, context)
      : this.#runShared(handler, data, context);
  }

  /** The handler has not ended yet: it has given a promise. */
  goesOn(context: MessageContext): void {
    if (!this.#givesPromises && this.#shared !== undefined) this.#shared.place.context = context;
    this.#givesPromises = true;
  }

  #runAlone<Data, Result>(
    handler: (data: Data, context: MessageContext) => Result,
    data: Data,
    context: MessageContext,
  ): Result {
    const outside = framesAreValues ? this.#outside : this.#outside.runInAsyncScope(newResource);
    const result = outside.runInAsyncScope(enterContext<Data, Result>, undefined, handler, data, context);
    if (framesAreValues) this.#returns += 1;
    return result;
  }

  #runShared<Data, Result>(
    handler: (data: Data, context: MessageContext) => Result,
    data: Data,
    context: MessageContext,
  ): Result {
    this.#shared ??= this.#outside.runInAsyncScope(newSharedFrame);
    const { place, resource } = this.#shared;
    // A handler may be called in the middle of itself.
    const before = place.context;
    place.context = context;
    try {
      return resource.runInAsyncScope(handler, undefined, data, context);
    } finally {
      place.context = before;
    }
  }
}

/** What the messages of one handler share. */
class SharedFrame {
  readonly place = new SharedPlace();
  readonly resource = this.place.run(newResource);
}

function newSharedFrame(): SharedFrame {
  return new SharedFrame();
}

/** For the handlers of an endpoint: holds what surrounds them where it is made, but no other handler's context. */
export function outsideOfHandlers(): AsyncResource {
  return runOutsideContext(newResource);
}

/** Holds the frame in which it is made. */
function newResource(): AsyncResource {
  return new AsyncResource('ParleyHandler', { requireManualDestroy: true });
}

/**
 * From Node 24 on a resource holds a frame that nothing can change, so that one does for many messages. Before, what is
 * entered in a resource stays in it: then each message has one, and messages share nothing.
 */
const framesAreValues = ((): boolean => {
  const storage = new AsyncLocalStorage<boolean>();
  const resource = newResource();
  resource.runInAsyncScope(() => storage.enterWith(true));
  const stayed = resource.runInAsyncScope(() => storage.getStore());
  storage.disable();
  return stayed === undefined;
})();
