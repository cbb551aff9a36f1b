import { AsyncLocalStorage } from 'node:async_hooks';
import type { MessageContext } from './message-context.ts';

const storage = new AsyncLocalStorage<MessageContext | undefined>();

/** The context of the handler that is running, through all of its awaits; `undefined` outside of handlers. */
export function currentContext(): MessageContext | undefined {
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
