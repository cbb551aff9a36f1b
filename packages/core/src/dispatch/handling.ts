import type { HandledMessage, UntypedCaller } from '../context/index.ts';
import type { CallId, Event, Headers, Request } from '../envelope/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import type { Delivery } from '../seam/index.ts';
import { Abortable } from './abortable.ts';
import type { WarningLog } from './logger.ts';
import type { ReplyStream } from './reply-stream.ts';

const noHeaders: Headers = Object.freeze({});

/** What all handlings of one link have in common. */
export interface HandlingScope {
  readonly transport: string;
  readonly caller: UntypedCaller;
  readonly log: WarningLog;
  /** Tells the caller of `handling` that its deadline has moved. */
  deferred(handling: RequestHandling, milliseconds: number): void;
}

abstract class Handling extends Abortable implements HandledMessage {
  abstract readonly isEvent: boolean;
  abstract readonly correlationId: string | undefined;
  abstract readonly attempt: number;
  abstract readonly deadline: number;
  over = false;
  readonly pattern: string;
  readonly source: unknown;
  protected readonly scope: HandlingScope;
  readonly #headers: Headers | undefined;

  /** Keeps nothing of the message's body: a handler may run for long. */
  constructor({ pattern, headers, source }: Request | Event, scope: HandlingScope) {
    super();
    this.pattern = pattern;
    this.source = source;
    this.scope = scope;
    this.#headers = headers;
  }

  get headers(): Headers {
    return this.#headers ?? noHeaders;
  }

  get transport(): string {
    return this.scope.transport;
  }

  get caller(): UntypedCaller {
    return this.scope.caller;
  }

  abstract defer(milliseconds: number): void;

  emitFailed(pattern: string, error: unknown): void {
    this.scope.log.error(`an event emitted by the handler of "${pattern}" was not sent`, error);
  }
}

/** A request while its handler runs. */
export class RequestHandling extends Handling {
  readonly id: CallId;
  readonly handler: string;
  readonly attempt: number;
  /** Replies that the caller has allowed so far. 0: only the last is wanted. */
  credit: number;
  deadline: number;
  /** Answers sent that count (all but `defer`). */
  answered = 0;
  /** The caller's last sign of life; only kept for a stream under lease. */
  heardAt: number | undefined = undefined;
  /** Set once the handler has returned a stream. */
  stream: ReplyStream | undefined = undefined;
  /** Answered, cancelled or expired: nothing more is sent. The handler may still run. */
  settled = false;
  #deliveries: Delivery[] | undefined = undefined;
  #released = false;

  constructor(request: Request, handler: string, attempt: number, deadline: number, scope: HandlingScope) {
    super(request, scope);
    this.id = request.id;
    this.handler = handler;
    this.credit = request.credit;
    this.deadline = deadline;
    this.attempt = attempt;
  }

  get isEvent(): boolean {
    return false;
  }

  get correlationId(): string {
    return String(this.id);
  }

  defer(milliseconds: number): void {
    if (!this.settled) this.scope.deferred(this, milliseconds);
  }

  /** What to release at the end. Several, when the same request is delivered again while it is handled. */
  settleWith(delivery: Delivery): void {
    if (this.#released) delivery.done();
    else if (this.#deliveries === undefined) this.#deliveries = [delivery];
    else this.#deliveries.push(delivery);
  }

  /** Whether a broker keeps the request until it is released. */
  get isKept(): boolean {
    return this.#deliveries !== undefined;
  }

  /** Tells the broker that it is done with. Does nothing the second time. */
  release(): void {
    this.#released = true;
    const deliveries = this.#deliveries;
    if (deliveries === undefined) return;
    this.#deliveries = undefined;
    for (const delivery of deliveries) delivery.done();
  }
}

/** An event while one of its handlers runs. */
export class EventHandling extends Handling {
  readonly attempt: number;

  constructor(event: Event, attempt: number, scope: HandlingScope) {
    super(event, scope);
    this.attempt = attempt;
  }

  get isEvent(): boolean {
    return true;
  }

  get correlationId(): undefined {
    return undefined;
  }

  get deadline(): number {
    return Number.POSITIVE_INFINITY;
  }

  defer(): void {
    throw new RpcException('An event has no deadline', { code: RpcCode.BadRequest });
  }
}
