import type { Event } from '../envelope/index.ts';
import { errorToWire, messageOf, RpcCode, RpcException } from '../errors/index.ts';
import { backoffDelay, type Delivery } from '../seam/index.ts';
import { bury } from './bury.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { EventHandlers } from './event-handlers.ts';
import type { ServedHandler } from './interceptor.ts';
import { pause } from './pause.ts';
import { unsettled } from './reasons.ts';

/** A handler that failed for good. */
interface FailedHandler {
  readonly handler: string;
  readonly error: RpcException;
  /** Of what was thrown: dead letters are the service's own, and its operators need more than "Internal error". */
  readonly message: string;
  readonly attempts: number;
}

/** `interrupted`: neither handled nor failed, another instance will try. */
type Outcome = 'done' | 'interrupted' | FailedHandler;

/** Errors that trying again cannot heal: the message itself is refused. */
const hopeless: ReadonlySet<RpcCode> = new Set([
  RpcCode.BadRequest,
  RpcCode.Unauthenticated,
  RpcCode.Forbidden,
  RpcCode.NoHandler,
  RpcCode.PayloadTooLarge,
  RpcCode.Validation,
  RpcCode.Unsupported,
]);

/** Events that a broker keeps: all handlers of one run side by side and are retried, and then it is settled, or buried. */
export class DurableEvents {
  readonly #dispatcher: Dispatcher;
  readonly #handlers: EventHandlers;

  constructor(dispatcher: Dispatcher, handlers: EventHandlers) {
    this.#dispatcher = dispatcher;
    this.#handlers = handlers;
  }

  /** `undefined` when it is through already, with all handlers and all retries. */
  deliver(event: Event, records: readonly ServedHandler[], delivery: Delivery): Promise<void> | undefined {
    const { workload } = this.#dispatcher;
    const running = this.#handle(event, records, delivery);
    if (running !== undefined) return running.finally(() => workload.leave());
    workload.leave();
    return undefined;
  }

  #handle(event: Event, records: readonly ServedHandler[], delivery: Delivery): Promise<void> | undefined {
    const { draining, options } = this.#dispatcher;
    // It waited in its lane until now: another instance will get it.
    if (draining.aborted) return undefined;
    const before = (delivery.attempt ?? 1) - 1;
    if (before >= options.maxDeliveries) {
      const error = new RpcException(`Given up after ${before} deliveries that were never settled`, {
        code: RpcCode.Internal,
      });
      return bury(this.#dispatcher, nameOf(event), delivery, errorToWire(error), before);
    }
    if (records.every(onlyOnce)) return this.#handleOnlyOnce(event, records, delivery, before);
    const outcomes = this.#handleAll(event, records, delivery, before);
    if (outcomes !== undefined) return this.#settle(outcomes, event, delivery, before);
    delivery.done();
    return undefined;
  }

  async #settle(outcomes: Promise<Outcome[]>, event: Event, delivery: Delivery, before: number): Promise<void> {
    const failed: FailedHandler[] = [];
    for (const outcome of await outcomes) {
      if (outcome === 'interrupted') return;
      if (outcome !== 'done') failed.push(outcome);
    }
    if (failed.length === 0) delivery.done();
    else {
      const attempts = before + Math.max(...failed.map((one) => one.attempts));
      await bury(this.#dispatcher, nameOf(event), delivery, deadReason(failed), attempts);
    }
  }

  /** For what must not be handled twice: it is settled first. */
  async #handleOnlyOnce(
    event: Event,
    records: readonly ServedHandler[],
    delivery: Delivery,
    before: number,
  ): Promise<void> {
    const { log, stopping } = this.#dispatcher;
    if (!(await delivery.doneFirst())) log.warn(unsettled(nameOf(event)).message);
    else if (stopping.aborted) {
      log.error(`${nameOf(event)} is lost: it was settled when there was no time left to handle it`);
    } else await this.#handleAll(event, records, delivery, before);
  }

  /** `undefined` when all handlers are through already, and none has failed. */
  #handleAll(
    event: Event,
    records: readonly ServedHandler[],
    delivery: Delivery,
    before: number,
  ): Promise<Outcome[]> | undefined {
    let running: Promise<Outcome>[] | undefined;
    for (const record of records) {
      const first = this.#tryFirst(event, record, before + 1);
      if (first !== undefined) (running ??= []).push(this.#handleDurably(first, event, record, delivery, before));
    }
    return running && Promise.all(running);
  }

  #tryFirst(event: Event, record: ServedHandler, attempt: number): Promise<void> | undefined {
    try {
      return this.#handlers.handle(event, record, attempt);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  /**
   * Waits for the first try, then tries until it works, cannot be healed, was tried often enough, belongs to another instance, or the service drains.
   * Never rejects.
   */
  async #handleDurably(
    first: Promise<void>,
    event: Event,
    record: ServedHandler,
    delivery: Delivery,
    before: number,
  ): Promise<Outcome> {
    let delay = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await (attempt === 1 ? first : this.#handlers.handle(event, record, before + attempt));
        return 'done';
      } catch (thrown) {
        // What failed because the service stops has not been given its chance.
        if (this.#dispatcher.stopping.aborted) return 'interrupted';
        const error = RpcException.from(thrown);
        const { attempts, backoff } = record.retry;
        const end = onlyOnce(record) ? 'tried only once' : endOf(error, attempt, attempts);
        if (end !== undefined) {
          this.#handlers.logFailure(event, record, thrown, end);
          return { handler: record.name, error, message: messageOf(thrown), attempts: attempt };
        }
        delay = backoffDelay(backoff, attempt);
        this.#handlers.logFailure(
          event,
          record,
          thrown,
          `try ${attempt} of ${attempts}, again in ${Math.round(delay)} ms`,
        );
      }
      if (!(await pause(delay, this.#dispatcher.draining))) return 'interrupted';
      if (!(await delivery.isOurs())) {
        this.#dispatcher.log.warn(`${nameOf(event)} is not tried again here: it is another instance's by now`);
        return 'interrupted';
      }
    }
  }
}

/** For the log. */
function nameOf(event: Event): string {
  return `the event "${event.pattern}"`;
}

function onlyOnce(record: ServedHandler): boolean {
  return record.idempotent === false;
}

/** Why a failed event is not tried again; `undefined` when it is. */
function endOf({ code }: RpcException, attempt: number, attempts: number): string | undefined {
  if (hopeless.has(code)) return `${code}, which trying again cannot heal`;
  return attempt >= attempts ? `try ${attempt} of ${attempts}, the last` : undefined;
}

/** What the dead letter says: the first error, and in its metadata every handler that failed. */
function deadReason(failed: readonly FailedHandler[]): string {
  const handlers = failed.map(({ handler, error, message, attempts }) => ({
    handler,
    error: message,
    code: error.code,
    attempts,
  }));
  const { error, message } = failed[0] as FailedHandler;
  return errorToWire(new RpcException(message, { code: error.code, details: error.details, metadata: { handlers } }));
}
