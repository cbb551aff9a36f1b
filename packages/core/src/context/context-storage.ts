import { AsyncLocalStorage } from 'node:async_hooks';
import { MessageContext } from './message-context.ts';

const storage = new AsyncLocalStorage<MessageContext | SharedPlace | undefined>();

/** Stands in a frame of AsyncLocalStorage for the contexts of several messages, one after the other. */
export class SharedPlace {
  context: MessageContext | undefined = undefined;

  run<Result>(action: () => Result): Result {
    return storage.run(this, action);
  }
}

/**
 * The context of the handler that is running, through all of its awaits; `undefined` outside of handlers, and in what a
 * handler has left running behind it.
 */
export function currentContext(): MessageContext | undefined {
  const context = originContext();
  return context === undefined || MessageContext.messageOf(context).over ? undefined : context;
}

/** As {@link currentContext}, also when the handler has ended since. */
export function originContext(): MessageContext | undefined {
  const store = storage.getStore();
  return store instanceof SharedPlace ? store.context : store;
}

/** Runs `action` as if outside of every handler: for what outlives the handler that happens to start it. */
export function runOutsideContext<Result>(action: () => Result): Result {
  return storage.run(undefined, action);
}

/** Runs `handler` so that {@link currentContext} finds its context. */
export function runInContext<Data, Result>(
  handler: (data: Data, context: MessageContext) => Result,
  data: Data,
  context: MessageContext,
): Result {
  return storage.run(context, handler, data, context);
}

/** As {@link runInContext}, and leaves the context where it is: for who runs in a frame that ends with the handler. */
export function enterContext<Data, Result>(
  handler: (data: Data, context: MessageContext) => Result,
  data: Data,
  context: MessageContext,
): Result {
  storage.enterWith(context);
  return handler(data, context);
}
