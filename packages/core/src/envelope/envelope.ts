/** A payload on its way: text (UTF-8 on the wire), bytes, or nothing. Encoded and decoded by core only. */
export type Body = string | Uint8Array | undefined;

/**
 * Names one call on one link. To the asking core it is a number of its own (u32); a reply comes back under it. To the
 * answering core it is opaque: on a connection the same number; on a broker the inbox of the asker and the number,
 * so that it is the return address.
 */
export type CallId = number | string;

/** Names are lower case ASCII, values strings; 8 KiB in all. */
export type Headers = Readonly<Record<string, string>>;

/** One message. Fields that are `undefined` are not on the wire. */
export type Envelope = Request | Event | Answer | Control;
/** What the handling side says of a request. */
export type Answer = Reply | Failure | Complete | Defer;
/** What the asking side says of a request that it has sent. */
export type Control = Cancel | Credit;

interface Message {
  /** The key of the pattern (see `patternKey`). */
  readonly pattern: string;
  readonly headers: Headers | undefined;
  /** How the body is encoded; `undefined` is JSON. */
  readonly contentType: string | undefined;
  readonly body: Body;
  /** The driver's own message, for the transport's context class (KafkaContext reads its offset here). Never on the wire. */
  readonly source?: unknown;
}

/** A message: it expects replies. */
export interface Request extends Message {
  readonly kind: 'request';
  readonly id: CallId;
  /**
   * Milliseconds left; 0: no limit; below 0: expired while waiting. The receiving transport takes off what the
   * request waited, by its broker's clock.
   */
  readonly timeout: number;
  /** How many replies may come before more credit does. 0: only the last one is wanted (`send`). */
  readonly credit: number;
}

/** No reply. */
export interface Event extends Message {
  readonly kind: 'event';
  /** Events of one key stay in order, where the wire has order. */
  readonly key?: string | undefined;
  /**
   * Which of the handlers it came for, where a transport delivers twice: to every instance for its `broadcast`
   * handlers, and to one of the group for the others. `undefined`: for all. Never on the wire.
   */
  readonly audience?: 'broadcast' | 'group' | undefined;
}

interface Answering {
  readonly id: CallId;
  /**
   * The inbox of the answering instance, where there can be several: the transport writes and reads it. Core then
   * talks to that one only.
   */
  readonly from?: string | undefined;
  /**
   * How many answers other than `defer` went before this one, so that core sees a gap or a double. `undefined` on
   * a shared link, which does neither.
   */
  readonly seq?: number | undefined;
}

export interface Reply extends Answering {
  readonly kind: 'reply';
  /** Nothing follows. */
  readonly last: boolean;
  readonly contentType: string | undefined;
  readonly body: Body;
}

/** The call failed: nothing follows. */
export interface Failure extends Answering {
  readonly kind: 'error';
  /** A `WireError` as JSON text. */
  readonly body: Body;
}

/** The stream ended: nothing follows. */
export interface Complete extends Answering {
  readonly kind: 'complete';
}

/** The handling side has it and needs `timeout` ms more. 0: a stream has begun or goes on; wait until it ends. */
export interface Defer extends Answering {
  readonly kind: 'defer';
  readonly timeout: number;
}

interface Controlling {
  readonly id: CallId;
  /** The instance that answered, or, when none has yet, `undefined`: then everyone who may hold the request is told. */
  readonly to: string | undefined;
  /** The pattern that the request was sent to; empty when `to` says all. */
  readonly pattern: string;
}

export interface Cancel extends Controlling {
  readonly kind: 'cancel';
}

/**
 * `total` replies may have been sent since the stream began. A total, not an increment: said twice it does no harm,
 * and one that was lost is made good by the next. Repeated unchanged it says that the caller is still there.
 */
export interface Credit extends Controlling {
  readonly kind: 'credit';
  readonly total: number;
}
