/**
 * The seam between core and a transport.
 *
 * A transport moves envelopes and tells what became of its connection. It never sees a value (bodies are encoded), a
 * timer for a call, a pending table, a handler, a retry or a signal: those are core's. It owns addresses,
 * subscriptions, framing, its driver's reconnect, and whatever its broker can be made to remember.
 */
import type { Body, Envelope } from '../envelope/index.ts';

/** A way to the other side: one connection, or a whole broker. Made by the transport, used by core. */
export interface Link {
  /**
   * Both ends share its life (a connection): when it is lost, so are the callers behind it, and it neither loses,
   * repeats nor reorders while it lives. On a broker core watches callers by lease and numbers the answers.
   */
  readonly shared: boolean;
  /** The largest body in bytes; core answers 413 before it gets here. */
  readonly maxBody: number;
  /** What handlers get as `ctx`; reads `source`. Default: `MessageContext` itself. */
  readonly Context?: ContextClass;
  /**
   * Takes the envelope, at once and in order; never throws. `undefined`: taken, go on. A promise, for an event: its
   * acknowledgement (rejects with an RpcException that says why, 503 or 429 if it surely was not sent, anything else if
   * that is unknown); for a request: rejects if it surely was not sent (503, 429 when too much waits, 400); for anything else: the way out is full, wait before more of the same
   * stream. Core observes every promise.
   */
  send(envelope: Envelope): Promise<void> | undefined;
}

/** What core gives for a link: the transport puts in what arrives. No call here throws or needs awaiting. */
export interface Receiver {
  /**
   * In the order of arrival. With a `delivery`, core settles it exactly once, or never (then it is to come again); perhaps before
   * this returns, so that who hands over the next one when one is settled had better do it in a loop, not from within.
   */
  receive(envelope: Envelope, delivery?: Delivery): void;
  /** How many more requests and deliveries core would take now. A transport that pulls asks for no more than that … */
  room(): number;
  /** … and waits on this when it is 0. One that is pushed at ignores both; core answers 429. */
  whenRoom(): Promise<void>;
  /** The other side goes away: no new calls here; those it has will be answered, or refused with 503, which is safe to retry elsewhere. */
  drain(): void;
  /** What was asked and not answered has an unknown outcome (502). The link stays; `restored` when subscriptions are back. */
  lost(reason: unknown): void;
  restored(): void;
  /** The link is gone for good. On a shared one its callers' handlers are cancelled. */
  detach(reason: unknown): void;
}

/** A message that the broker keeps until it is settled. */
export interface Delivery {
  /** 1 for the first time; `undefined` if the broker does not count. */
  readonly attempt: number | undefined;
  /** Deliveries of one lane are handled one after the other (Kafka: topic, partition and key). */
  readonly lane?: string | undefined;
  /** Handled (or expired, or answered with an error): never again. */
  done(): void;
  /**
   * As `done`, for what must not be handled twice (`idempotent: false`): no handler runs before this resolves with true,
   * which says that the broker will give it to nobody again, whatever happens to this process from here on. False: it
   * was taken away, or the broker has not confirmed it (an outage, the end). Then no handler runs here, and core lets go of
   * it: it is to come again, unless the broker had done it already and only its answer is lost; then nobody handles it.
   * Where that can be known by asking again, ask again. Never rejects.
   */
  doneFirst(): Promise<boolean>;
  /**
   * Asked before a handler that failed is tried again. False: it is another instance's by now (its lease or its
   * partition was taken away): nothing is tried, core lets go of it, and it comes again if nobody else settles it.
   * While that is being found out, wait; but not beyond `pause`. Never rejects.
   */
  isOurs(): Promise<boolean>;
  /** Failed for good: kept where dead messages are kept, then done. Rejects if it could not be; core tries again. */
  dead(why: DeadReason): Promise<void>;
}

/** Why a delivery is dead. */
export interface DeadReason {
  /** JSON text: the error's wire form, and in its metadata the handlers that failed. */
  readonly body: Body;
  /** How often the handlers were tried, in this process and before it. */
  readonly attempts: number;
}

/** Events that handlers exist for. */
export interface EventRoutes {
  /** Canonical keys. */
  readonly events: readonly string[];
  /** Patterns with `*`. */
  readonly wildcards: readonly string[];
}

/** What handlers exist for. Empty for a client that serves nothing. */
export interface Routes extends EventRoutes {
  /** Canonical keys. */
  readonly messages: readonly string[];
  /** Of handlers whose every instance wants every event, whatever its group gets (`Event.audience`). */
  readonly broadcast: EventRoutes;
}

/** What core gives to a transport when it starts it. */
export interface Hub {
  readonly routes: Routes;
  /** A link is up: subscribed, confirmed, ready. May be called many times (each accepted or re-made connection). */
  attach(link: Link): Receiver;
  /**
   * For a client: an attempt to reach the other side failed and no link is up. Calls that do not wait for the end of
   * an outage fail now, with 503 and this reason; the transport goes on trying.
   */
  unreachable(reason: unknown): void;
  /** Something worth a line in the log that ends no call: a refused frame, a second listener. */
  warn(what: string, detail?: unknown): void;
}

export type Class<T> = abstract new (...args: never[]) => T;
/** A class with MessageContext's constructor. */
export type ContextClass = new (...args: never[]) => object;

/** The server side. Core drives it through idle → starting → ready → draining → closed, each method at most once. */
export abstract class BaseTransporter {
  /**
   * Resolves when a message sent now would arrive. Rejects if it cannot be; what it began is then undone by `close`.
   * A rejection with 503 means that trying again may help: core then makes a new transporter and tries, for
   * `startTimeout`. With anything else it gives up at once (port in use, wrong credentials, bad option).
   */
  abstract listen(hub: Hub): Promise<void>;
  /**
   * Takes nothing new and tells its peers so; what is running goes on, replies and settlements still go out. When it
   * has resolved, core refuses requests that still come with 503; the transport may do so, too.
   */
  abstract pause(): Promise<void>;
  /** Where others reach it, for health and logs, such as `127.0.0.1:8888`; `undefined` where that means nothing. */
  get address(): string | undefined {
    return undefined;
  }
  /** Flushes, commits, disconnects, within `timeout` ms. Also when `listen` failed, never ran, or runs: it then rejects. */
  abstract close(timeout: number): Promise<void>;
  /** The driver's own object. @throws TypeError for any other class. */
  abstract unwrap<T>(type: Class<T>): T;
}

/** The client side, under ClientProxy. The same life, without a pause. */
export abstract class BaseClient {
  /** Keeps a link per target attached for ever; resolves with the first, rejects only for what retrying cannot heal. */
  abstract connect(hub: Hub): Promise<void>;
  /** Flushes and disconnects, within `timeout` ms. Also while `connect` is still trying: it then rejects. */
  abstract close(timeout: number): Promise<void>;
  /** The driver's own object. @throws TypeError for any other class. */
  abstract unwrap<T>(type: Class<T>): T;
}
