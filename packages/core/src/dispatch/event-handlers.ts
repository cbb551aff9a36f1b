import { type MessageContext, runInContext } from '../context/index.ts';
import { decodePayload, type Event } from '../envelope/index.ts';
import type { Dispatcher } from './dispatcher.ts';
import { EventHandling, type HandlingScope } from './handling.ts';
import type { ServedHandler } from './interceptor.ts';
import { isPromiseLike } from './promise-like.ts';
import { isStream, readToEnd } from './reply-stream.ts';

/** Runs one handler of an event of one link, once. */
export class EventHandlers {
  readonly #dispatcher: Dispatcher;
  readonly #Context: typeof MessageContext;
  readonly #scope: HandlingScope;

  constructor(dispatcher: Dispatcher, Context: typeof MessageContext, scope: HandlingScope) {
    this.#dispatcher = dispatcher;
    this.#Context = Context;
    this.#scope = scope;
  }

  /**
   * `undefined` when the handler is through already: a promise for each event would cost more than the rest of it.
   *
   * @throws what the handler throws.
   */
  handle(event: Event, record: ServedHandler, attempt: number): Promise<void> | undefined {
    const handling = new EventHandling(event, attempt, this.#scope);
    try {
      // Decoded for each handler: what one does to its payload, no other sees.
      const data = decodePayload(event.body, event.contentType, this.#dispatcher.options.codec);
      const context = new this.#Context(handling);
      const result = record.frame.run(record.handle, data, context);
      if (isPromiseLike(result) || isStream(result)) {
        record.frame.goesOn(context);
        return this.#finish(result, handling, context);
      }
    } catch (thrown) {
      handling.over = true;
      throw thrown;
    }
    handling.over = true;
    return undefined;
  }

  async #finish(result: unknown, handling: EventHandling, context: MessageContext): Promise<void> {
    const unwatch = this.#dispatcher.stopping.onAbort((reason) => handling.abort(reason));
    try {
      const settled = await result;
      if (isStream(settled)) await runInContext(() => readToEnd(settled, handling), undefined, context);
    } finally {
      handling.over = true;
      unwatch();
    }
  }

  /** @param then what becomes of the event. */
  logFailure(event: Event, record: ServedHandler, thrown: unknown, then: string): void {
    this.#dispatcher.log.error(`the handler ${record.name} of the event "${event.pattern}" failed (${then})`, thrown);
  }
}
