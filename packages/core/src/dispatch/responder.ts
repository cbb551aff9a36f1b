import { MessageContext, runInContext, type UntypedCaller } from '../context/index.ts';
import { CallTable, CallWatch } from '../correlation/index.ts';
import { type Cancel, type Credit, decodePayload, type Event, type Request } from '../envelope/index.ts';
import { errorToWire, RpcCode, RpcException, TimeoutError } from '../errors/index.ts';
import type { Delivery, Link } from '../seam/index.ts';
import { Answers } from './answers.ts';
import { bury } from './bury.ts';
import { CancelMemory } from './cancel-memory.ts';
import type { Dispatcher } from './dispatcher.ts';
import { EventDispatch } from './event-dispatch.ts';
import { type HandlingScope, RequestHandling } from './handling.ts';
import type { ServedHandler } from './interceptor.ts';
import type { WarningLog } from './logger.ts';
import { isPromiseLike } from './promise-like.ts';
import { callerLost, closedTooSoon, unsettled } from './reasons.ts';
import { refusalOf } from './refusal.ts';
import { isStream, type ReplySource, ReplyStream } from './reply-stream.ts';
import { turnStart } from './turn-clock.ts';

/** The answering half of a session: requests and events in, handlers run, answers out. */
export class Responder implements HandlingScope {
  readonly transport: string;
  readonly caller: UntypedCaller;
  readonly log: WarningLog;
  readonly #link: Link;
  readonly #dispatcher: Dispatcher;
  readonly #Context: typeof MessageContext;
  readonly #calls = new CallTable<RequestHandling>();
  readonly #cancelled = new CancelMemory();
  readonly #events: EventDispatch;
  readonly #answers: Answers;
  readonly #watch: CallWatch<RequestHandling>;
  readonly #unwatch: () => void;
  /** Handlers that run for this link, those of settled calls included. */
  #inFlight = 0;

  /** @param caller what handlers call back with, over the same link. */
  constructor(link: Link, dispatcher: Dispatcher, caller: UntypedCaller) {
    this.transport = dispatcher.transport;
    this.caller = caller;
    this.log = dispatcher.log;
    this.#link = link;
    this.#dispatcher = dispatcher;
    this.#Context = (link.Context ?? MessageContext) as typeof MessageContext;
    const { codec, leaseInterval } = dispatcher.options;
    this.#answers = new Answers(link, codec);
    this.#watch = new CallWatch(this.#calls, leaseInterval, {
      expired: (call) => this.#end(call, new TimeoutError(`The deadline of "${call.pattern}" has passed`)),
      renew: (call) => this.#answers.defer(call, 0),
      silent: (call, silence) => this.#end(call, callerLost(`nothing was heard of it for ${silence} ms`)),
    });
    this.#events = new EventDispatch(dispatcher, this.#Context, this);
    this.#unwatch = dispatcher.stopping.onAbort((reason) => this.#stop(RpcException.from(reason)));
  }

  event(event: Event, delivery: Delivery | undefined): void {
    this.#events.receive(event, delivery);
  }

  request(request: Request, delivery: Delivery | undefined): void {
    const now = turnStart();
    // Expired on its way, or given up by its caller before it came.
    if (request.timeout < 0 || this.#cancelled.take(request.id, now)) {
      delivery?.done();
      return;
    }
    const running = this.#calls.get(request.id);
    if (running !== undefined) {
      if (delivery === undefined)
        this.log.warn(`a request with the id of one that is running was dropped: "${request.pattern}"`);
      else running.settleWith(delivery);
      return;
    }
    const record = this.#dispatcher.table.message(request.pattern);
    const refusal = refusalOf(request, record, delivery, this.#dispatcher, this.#inFlight);
    if (refusal !== undefined) {
      this.#answers.refusal(request.id, refusal);
      delivery?.done();
    } else if (record !== undefined) {
      this.#take(request, record, delivery, now);
    }
  }

  cancel({ id }: Cancel): void {
    const handling = this.#calls.get(id);
    if (handling !== undefined)
      this.#end(handling, new RpcException('The caller cancelled', { code: RpcCode.Cancelled }));
    else if (!this.#link.shared) this.#cancelled.remember(id, performance.now());
  }

  credit({ id, total }: Credit): void {
    const handling = this.#calls.get(id);
    if (handling === undefined) return;
    this.#watch.heard(handling);
    handling.credit = Math.max(handling.credit, total);
    handling.stream?.allow(handling.credit);
  }

  deferred(handling: RequestHandling, milliseconds: number): void {
    // A stream that has begun has no deadline to move.
    if (handling.stream !== undefined && handling.credit > 0) return;
    handling.deadline = performance.now() + milliseconds;
    this.#watch.deadline(handling.deadline);
    this.#answers.defer(handling, milliseconds);
  }

  /**
   * The link is gone: nothing can be answered any more, so every handler's signal aborts. What a broker keeps is not
   * settled: it comes again, elsewhere.
   */
  detach(reason: RpcException): void {
    for (const handling of this.#calls.all()) this.#abandon(handling, reason);
    this.#unwatch();
    this.#watch.clear();
  }

  #take(request: Request, record: ServedHandler, delivery: Delivery | undefined, now: number): void {
    const { maxDeliveries } = this.#dispatcher.options;
    if (delivery !== undefined) {
      // It stays with the broker, for an instance that is not going away.
      if (this.#dispatcher.draining.aborted) return;
      if (delivery.attempt !== undefined && delivery.attempt > maxDeliveries) {
        const error = new RpcException(`Given up after ${maxDeliveries} deliveries without an answer`, {
          code: RpcCode.Internal,
        });
        this.#answers.refusal(request.id, error);
        void bury(
          this.#dispatcher,
          `a request of "${request.pattern}"`,
          delivery,
          errorToWire(error),
          delivery.attempt - 1,
        );
        return;
      }
    }
    const isOnce = delivery !== undefined && record.idempotent === false;
    // Whole milliseconds, as in prepareCall; down, since it should not be later than the caller's.
    const deadline = request.timeout === 0 ? Number.POSITIVE_INFINITY : Math.floor(now + request.timeout);
    const handling = new RequestHandling(request, record.name, delivery?.attempt ?? 1, deadline, this);
    if (delivery !== undefined && !isOnce) handling.settleWith(delivery);
    this.#calls.add(handling);
    this.#watch.deadline(deadline);
    this.#dispatcher.workload.enter();
    this.#inFlight += 1;
    if (isOnce) void this.#runOnce(request, handling, record, delivery);
    else this.#run(request, handling, record);
  }

  /** Only when it cannot come again. */
  async #runOnce(
    request: Request,
    handling: RequestHandling,
    record: ServedHandler,
    delivery: Delivery,
  ): Promise<void> {
    const isSure = await delivery.doneFirst();
    // Meanwhile its caller may have gone, or the time of the service be up.
    if (isSure && !handling.settled) {
      this.#run(request, handling, record);
      return;
    }
    if (!handling.settled) {
      const reason = unsettled(`a request of "${request.pattern}"`);
      this.log.warn(reason.message);
      this.#end(handling, reason);
    }
    this.#left(handling);
  }

  #run(request: Request, handling: RequestHandling, record: ServedHandler): void {
    const context = new this.#Context(handling);
    let result: unknown;
    try {
      const data = decodePayload(request.body, request.contentType, this.#dispatcher.options.codec);
      result = record.frame.run(record.handle, data, context);
      if (isPromiseLike(result)) {
        record.frame.goesOn(context);
        // A thenable that is no promise may call back twice, or never.
        const promise = result instanceof Promise ? result : Promise.resolve(result);
        promise.then(
          (value) => this.#returned(handling, context, value),
          (thrown: unknown) => this.#threw(handling, thrown),
        );
        return;
      }
    } catch (thrown) {
      this.#threw(handling, thrown);
      return;
    }
    this.#returned(handling, context, result);
  }

  #returned(handling: RequestHandling, context: MessageContext, value: unknown): void {
    try {
      // Looking at it may throw already: it may be a Proxy, or have getters.
      if (isStream(value)) {
        this.#startStream(handling, context, value);
        return;
      }
      void this.#reply(handling, value, true);
    } catch (thrown) {
      this.#fail(handling, thrown);
    }
    this.#left(handling);
  }

  #threw(handling: RequestHandling, thrown: unknown): void {
    this.#fail(handling, thrown);
    this.#left(handling);
  }

  /** @throws what making the source's iterator throws. */
  #startStream(handling: RequestHandling, context: MessageContext, source: ReplySource): void {
    const stream = new ReplyStream(source, handling.credit, this.#dispatcher.options.maxBacklog, {
      reply: (value, last) => this.#reply(handling, value, last),
      complete: () => this.#complete(handling),
      fail: (thrown) => this.#fail(handling, thrown),
      left: () => this.#left(handling),
    });
    handling.stream = stream;
    if (handling.settled) stream.stop();
    else if (handling.credit > 0) this.#openStream(handling);
    // A generator's body runs in the context of who asks it for more.
    void runInContext(() => stream.run(), undefined, context);
  }

  /** From here the call has no deadline of its own, and nobody else can go on with it. */
  #openStream(handling: RequestHandling): void {
    handling.deadline = Number.POSITIVE_INFINITY;
    handling.release();
    this.#answers.defer(handling, 0);
    if (!this.#link.shared) this.#watch.lease(handling);
  }

  #reply(handling: RequestHandling, value: unknown, last: boolean): Promise<void> | undefined {
    if (handling.settled) return undefined;
    const full = this.#answers.reply(handling, value, last);
    if (last) this.#settle(handling);
    return full;
  }

  #complete(handling: RequestHandling): void {
    if (handling.settled) return;
    this.#answers.complete(handling);
    this.#settle(handling);
  }

  #fail(handling: RequestHandling, thrown: unknown): void {
    const error = RpcException.from(thrown);
    // One that was cancelled often fails because of that.
    if (error !== thrown && !handling.aborted) {
      this.log.error(`the handler ${handling.handler} of "${handling.pattern}" failed`, thrown);
    }
    if (handling.settled) return;
    this.#answers.error(handling, error);
    this.#settle(handling);
  }

  /** The caller has its answer, or wants none any more. */
  #settle(handling: RequestHandling): void {
    handling.settled = true;
    this.#calls.delete(handling);
    handling.release();
  }

  #end(handling: RequestHandling, reason: RpcException): void {
    handling.release();
    this.#abandon(handling, reason);
  }

  #left(handling: RequestHandling): void {
    handling.over = true;
    this.#inFlight -= 1;
    this.#dispatcher.workload.leave();
  }

  /** Time is up for what still runs. A request that the broker keeps stays there for another instance; others fail. */
  #stop(reason: RpcException): void {
    for (const handling of this.#calls.all()) {
      if (!handling.isKept) this.#fail(handling, closedTooSoon());
      this.#abandon(handling, reason);
    }
  }

  #abandon(handling: RequestHandling, reason: RpcException): void {
    handling.settled = true;
    this.#calls.delete(handling);
    handling.stream?.stop();
    handling.abort(reason);
  }
}
