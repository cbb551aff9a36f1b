import { AsyncLocalStorage } from 'node:async_hooks';
import { MessageContext } from './message-context.ts';

const storage = new AsyncLocalStorage<MessageContext | undefined>();

/**
 * The context of the handler that is running, through all of its awaits; `undefined` outside of handlers, and in what a
 * handler has left running behind it.
 */
export function currentContext(): MessageContext | undefined {
  const context = storage.getStore();
  return context === undefined || MessageContext.messageOf(context).over ? undefined : context;
}

/** As {@link currentContext}, also when the handler has ended since. */
export function originContext(): MessageContext | undefined {
  return storage.getStore();
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
