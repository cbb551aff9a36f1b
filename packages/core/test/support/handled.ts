import { type HandledMessage, MessageContext, runInContext } from '../../src/context/index.ts';
import { Abortable } from '../../src/dispatch/abortable.ts';

async function* none(): AsyncGenerator<never> {}

/** A stream without replies. */
export const noReplies = none();

/** A message while its handler runs, as dispatch knows it. */
export function handled(overrides: Partial<HandledMessage> = {}): HandledMessage & { abort(reason: unknown): void } {
  const abortable = new Abortable();
  const own = {
    pattern: 'users.get',
    correlationId: '7',
    headers: {},
    isEvent: false,
    attempt: 1,
    transport: 'tcp',
    source: undefined,
    caller: { send: () => Promise.resolve(), stream: () => noReplies, emit: () => Promise.resolve() },
    deadline: Number.POSITIVE_INFINITY,
    over: false,
    defer: () => undefined,
    emitFailed: () => undefined,
    ...overrides,
  };
  return Object.defineProperties(abortable, Object.getOwnPropertyDescriptors(own)) as Abortable & HandledMessage;
}

/** Runs `action` as the handler of the message would. */
export function inHandlerOf<Result>(message: HandledMessage, action: () => Result): Result {
  return runInContext(action, undefined, new MessageContext(message));
}
