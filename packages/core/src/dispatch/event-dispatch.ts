import { type MessageContext, runInContext } from '../context/index.ts';
import { decodePayload, type Event } from '../envelope/index.ts';
import { errorToWire, messageOf, RpcCode, RpcException } from '../errors/index.ts';
import { backoffDelay, type Delivery } from '../seam/index.ts';
import type { Dispatcher } from './dispatcher.ts';
import { EventHandling, type HandlingScope } from './handling.ts';
import type { ServedHandler } from './interceptor.ts';
import { pause } from './pause.ts';
import { isPromiseLike } from './promise-like.ts';
import { unsettled } from './reasons.ts';
import { isStream, readToEnd } from './reply-stream.ts';

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

/** Waits between tries to bury a dead event while its broker does not take it. */
const buryBackoff = { initial: 200, max: 30_000 };

/** Events of one link: all handlers of an event run side by side; a durable one is retried, buried and settled. */
export class EventDispatch {
  readonly #dispatcher: Dispatcher;
  readonly #Context: typeof MessageContext;
  readonly #scope: HandlingScope;

  constructor(dispatcher: Dispatcher, Context: typeof MessageContext, scope: HandlingScope) {
    this.#dispatcher = dispatcher;
    this.#Context = Context;
    this.#scope = scope;
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
      this.#dispatcher.lanes.run(delivery.lane, () => this.#deliver(event, records, delivery));
    } else if (workload.room === 0) {
      log.warn(`events were dropped: ${options.concurrency} handlers are running (option "concurrency")`);
    } else {
      for (const record of records) this.#handleOnce(event, record);
    }
  }

  /** Puts a delivery (`what`, for the log) where dead messages are kept; tries until that has worked or the service stops. Never rejects. */
  async bury(what: string, delivery: Delivery, body: string, attempts: number): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await delivery.dead({ body, attempts });
        this.#dispatcher.log.error(`${what} went to the dead letters after ${count(attempts)}`);
        return;
      } catch (thrown) {
        this.#dispatcher.log.warn(`${what} could not be put into the dead letters; trying again`, thrown);
      }
      if (!(await pause(backoffDelay(buryBackoff, attempt), this.#dispatcher.stopping.signal))) return;
    }
  }

  /** On a wire without acknowledgements: each handler gets one try. */
  #handleOnce(event: Event, record: ServedHandler): void {
    const { workload } = this.#dispatcher;
    workload.enter();
    try {
      const running = this.#handle(event, record, 1);
      if (running !== undefined) {
        void running
          .catch((thrown: unknown) => this.#logFailure(event, record, thrown, 'the event is lost'))
          .finally(() => workload.leave());
        return;
      }
    } catch (thrown) {
      this.#logFailure(event, record, thrown, 'the event is lost');
    }
    workload.leave();
  }

  /** `undefined` when it is through already, as of {@link #handle}. */
  #deliver(event: Event, records: readonly ServedHandler[], delivery: Delivery): Promise<void> | undefined {
    const { workload } = this.#dispatcher;
    const running = this.#settle(event, records, delivery);
    if (running !== undefined) return running.finally(() => workload.leave());
    workload.leave();
    return undefined;
  }

  #settle(event: Event, records: readonly ServedHandler[], delivery: Delivery): Promise<void> | undefined {
    const { draining, options } = this.#dispatcher;
    // It waited in its lane until now: another instance will get it.
    if (draining.aborted) return undefined;
    const before = (delivery.attempt ?? 1) - 1;
    if (before >= options.maxDeliveries) {
      const error = new RpcException(`Given up after ${before} deliveries that were never settled`, {
        code: RpcCode.Internal,
      });
      return this.bury(nameOf(event), delivery, errorToWire(error), before);
    }
    if (records.every(onlyOnce)) return this.#handleOnlyOnce(event, records, delivery, before);
    const outcomes = this.#handleAll(event, records, delivery, before);
    if (outcomes !== undefined) return this.#settleBy(outcomes, event, delivery, before);
    delivery.done();
    return undefined;
  }

  async #settleBy(outcomes: Promise<Outcome[]>, event: Event, delivery: Delivery, before: number): Promise<void> {
    const failed: FailedHandler[] = [];
    for (const outcome of await outcomes) {
      if (outcome === 'interrupted') return;
      if (outcome !== 'done') failed.push(outcome);
    }
    if (failed.length === 0) delivery.done();
    else {
      const attempts = before + Math.max(...failed.map((one) => one.attempts));
      await this.bury(nameOf(event), delivery, deadReason(failed), attempts);
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
      return this.#handle(event, record, attempt);
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
        await (attempt === 1 ? first : this.#handle(event, record, before + attempt));
        return 'done';
      } catch (thrown) {
        // What failed because the service stops has not been given its chance.
        if (this.#dispatcher.stopping.aborted) return 'interrupted';
        const error = RpcException.from(thrown);
        const { attempts, backoff } = record.retry;
        const end = onlyOnce(record) ? 'tried only once' : endOf(error, attempt, attempts);
        if (end !== undefined) {
          this.#logFailure(event, record, thrown, end);
          return { handler: record.name, error, message: messageOf(thrown), attempts: attempt };
        }
        delay = backoffDelay(backoff, attempt);
        this.#logFailure(event, record, thrown, `try ${attempt} of ${attempts}, again in ${Math.round(delay)} ms`);
      }
      if (!(await pause(delay, this.#dispatcher.draining))) return 'interrupted';
      if (!(await delivery.isOurs())) {
        this.#dispatcher.log.warn(`${nameOf(event)} is not tried again here: it is another instance's by now`);
        return 'interrupted';
      }
    }
  }

  /** `undefined` when the handler is through already: a promise for each event would cost more than the rest of it. */
  #handle(event: Event, record: ServedHandler, attempt: number): Promise<void> | undefined {
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

  #logFailure(event: Event, record: ServedHandler, thrown: unknown, then: string): void {
    this.#dispatcher.log.error(`the handler ${record.name} of the event "${event.pattern}" failed (${then})`, thrown);
  }
}

/** For the log. */
function nameOf(event: Event): string {
  return `the event "${event.pattern}"`;
}

function onlyOnce(record: ServedHandler): boolean {
  return record.idempotent === false;
}

function forAudience(records: readonly ServedHandler[], audience: Event['audience']): readonly ServedHandler[] {
  if (audience === undefined) return records;
  return records.filter(({ broadcast }) => broadcast === (audience === 'broadcast'));
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

function count(attempts: number): string {
  return attempts === 1 ? '1 try' : `${attempts} tries`;
}
