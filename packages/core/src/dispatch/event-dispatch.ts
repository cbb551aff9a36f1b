import type { MessageContext } from '../context/index.ts';
import type { Event } from '../envelope/index.ts';
import type { Delivery } from '../seam/index.ts';
import type { Dispatcher } from './dispatcher.ts';
import { DurableEvents } from './durable-events.ts';
import { EventHandlers } from './event-handlers.ts';
import type { HandlingScope } from './handling.ts';
import type { ServedHandler } from './interceptor.ts';

/** Events of one link: all handlers of an event run side by side. */
export class EventDispatch {
  readonly #dispatcher: Dispatcher;
  readonly #handlers: EventHandlers;
  readonly #durable: DurableEvents;

  constructor(dispatcher: Dispatcher, Context: typeof MessageContext, scope: HandlingScope) {
    this.#dispatcher = dispatcher;
    this.#handlers = new EventHandlers(dispatcher, Context, scope);
    this.#durable = new DurableEvents(dispatcher, this.#handlers);
  }

  receive(event: Event, delivery: Delivery | undefined): void {
    const { table, workload, log, options, draining } = this.#dispatcher;
    const records = forAudience(table.events(event.pattern), event.audience);
    if (records.length === 0) {
      delivery?.done();
    } else if (delivery === undefined && draining.aborted) {
      log.warn('an event that came after the peers were told that the service goes away was dropped');
    } else if (delivery !== undefined) {
      workload.enter();
      this.#dispatcher.lanes.run(delivery.lane, () => this.#durable.deliver(event, records, delivery));
    } else if (workload.room === 0) {
      log.warn(`events were dropped: ${options.concurrency} handlers are running (option "concurrency")`);
    } else {
      for (const record of records) this.#handleOnce(event, record);
    }
  }

  /** On a wire without acknowledgements: each handler gets one try. */
  #handleOnce(event: Event, record: ServedHandler): void {
    const { workload } = this.#dispatcher;
    workload.enter();
    try {
      const running = this.#handlers.handle(event, record, 1);
      if (running !== undefined) {
        void running
          .catch((thrown: unknown) => this.#handlers.logFailure(event, record, thrown, 'the event is lost'))
          .finally(() => workload.leave());
        return;
      }
    } catch (thrown) {
      this.#handlers.logFailure(event, record, thrown, 'the event is lost');
    }
    workload.leave();
  }
}

function forAudience(records: readonly ServedHandler[], audience: Event['audience']): readonly ServedHandler[] {
  if (audience === undefined) return records;
  return records.filter(({ broadcast }) => broadcast === (audience === 'broadcast'));
}
