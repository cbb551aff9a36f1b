import type { Envelope, RpcException } from '@parley/core/transport';

/** What a frame says: an envelope, or one of the four that are this protocol's own. docs/wire-protocol.md has the bytes. */
export type Frame = Envelope | Hello | GoAway | Ping | Pong;

/** The first frame of each side. */
export interface Hello {
  readonly kind: 'hello';
  readonly major: number;
  readonly minor: number;
  /** The largest body that this side takes, in bytes. */
  readonly maxBody: number;
  /** What this side calls itself, for the other's log. */
  readonly name: string;
}

/**
 * `leaving`: send me nothing new, I will go. `done`: the answer to it, I have sent my last new request and event.
 * `now`: I close the connection with this frame, because of `reason`.
 */
export interface GoAway {
  readonly kind: 'goAway';
  readonly phase: 'leaving' | 'done' | 'now';
  /** An `RpcCode`; 0 where there is nothing to say. */
  readonly code: number;
  readonly reason: string;
}

export interface Ping {
  readonly kind: 'ping';
}

export interface Pong {
  readonly kind: 'pong';
}

/** A frame whose only fault is a request or event that cannot be: the connection lives on. */
export interface Refused {
  readonly kind: 'refused';
  /** The request to answer with `reason`; `undefined` for an event. */
  readonly id: number | undefined;
  readonly reason: RpcException;
}

/** The kind byte. */
export const Kind = {
  hello: 1,
  request: 2,
  event: 3,
  reply: 4,
  error: 5,
  complete: 6,
  defer: 7,
  cancel: 8,
  credit: 9,
  goAway: 10,
  ping: 11,
  pong: 12,
} as const;

/** The flag bits. Bits that a kind does not know are refused. */
export const Flag = {
  text: 0x01,
  bytes: 0x02,
  contentType: 0x04,
  headers: 0x08,
  credit: 0x10,
  key: 0x20,
  last: 0x40,
  // Of goAway:
  now: 0x01,
  done: 0x02,
} as const;

const body = Flag.text | Flag.bytes;

/** By kind byte: the flags that it may have; `undefined` for what is no kind. */
export const allowedFlags: readonly (number | undefined)[] = [
  undefined,
  0,
  body | Flag.contentType | Flag.headers | Flag.credit,
  body | Flag.contentType | Flag.headers | Flag.key,
  body | Flag.contentType | Flag.last,
  body,
  0,
  0,
  0,
  0,
  Flag.now | Flag.done,
  0,
  0,
];

/** "PRLY". */
export const magic = 0x50_52_4c_59;
/** A peer of another major version is refused. */
export const majorVersion = 1;
/** Raised when something is added that an older peer can be spared. */
export const minorVersion = 0;

/** The length prefix, kind, flags and id. */
export const prefixBytes = 10;
/** What a frame may take besides its body, in bytes: prefix, pattern, key, content type and headers. */
export const maxHeadBytes = 65_536;
/** What comes first must be small, because nobody knows yet who is there. */
export const maxHelloBytes = 1024;
