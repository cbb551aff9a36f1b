/**
 * The closed set of codes that a call can end with, in HTTP's manner (as in the Ascender Framework).
 *
 * `Unavailable` and `Overloaded` promise that no handler saw the message, so sending it again is safe. After
 * `ConnectionLost` and `Timeout` the outcome is unknown.
 */
export const RpcCode = {
  /** The message is malformed: a bad pattern, header, payload encoding or option. */
  BadRequest: 400,
  /** The caller did not say who it is. For guards; the library itself never answers it. */
  Unauthenticated: 401,
  /** The caller may not do this. For guards; the library itself never answers it. */
  Forbidden: 403,
  /** The other side is there, but has no handler for the pattern. */
  NoHandler: 404,
  /** For handlers, as in HTTP: what was asked for does not exist. */
  NotFound: 404,
  /** The caller's deadline passed. */
  Timeout: 408,
  /** The state of the service forbids it. For handlers; the library itself never answers it. */
  Conflict: 409,
  /** The message is larger than the limit of the link. */
  PayloadTooLarge: 413,
  /** A payload that does not satisfy its schema; `details` holds the issues. */
  Validation: 422,
  /** A limit of what runs or waits at once is reached. */
  Overloaded: 429,
  /** The caller gave up. */
  Cancelled: 499,
  /** The handler failed in a way that it did not mean to tell. */
  Internal: 500,
  /** The other side cannot do this, or speaks another version. */
  Unsupported: 501,
  /** It was sent, the connection went, the outcome is unknown. */
  ConnectionLost: 502,
  /** It was surely not handled: nobody is there, or the other side is going away. */
  Unavailable: 503,
} as const;

export type RpcCode = (typeof RpcCode)[keyof typeof RpcCode];

const names = new Map<number, string>(Object.entries(RpcCode).map(([name, code]) => [code, name]));

/** `Timeout` for 408, `NotFound` for 404 of either kind, and so on; `undefined` for what is no code. */
export function codeName(code: number): string | undefined {
  return names.get(code);
}

export function isRpcCode(value: unknown): value is RpcCode {
  return typeof value === 'number' && names.has(value);
}
