import { codeName, isRpcCode, RpcCode } from './codes.ts';

export interface RpcExceptionOptions {
  /** One of {@link RpcCode}. Default: 500 Internal. */
  readonly code?: RpcCode;
  /** Anything that the codec can encode; it travels to the caller. */
  readonly details?: unknown;
  /** A flat record for machines; it travels to the caller. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Stays on this side: it is logged, never sent. */
  readonly cause?: unknown;
}

/** Marks our exceptions across copies of the package: a registered symbol is the same in all of them. */
const brand = Symbol.for('parley.RpcException');

/** Bundlers rename classes that speak of themselves; logs print the constructor's name. */
function nameClass(type: { readonly prototype: Error }, name: string): void {
  type.prototype.name = name;
  Object.defineProperty(type, 'name', { value: name, configurable: true });
}

/**
 * The only error that crosses the wire, and the only one that a call rejects with. What a handler throws as an
 * `RpcException` reaches the caller with its message, code, details and metadata; anything else reaches it as
 * 500 "Internal error".
 *
 * `instanceof` also holds for an exception of another copy of this package.
 */
export class RpcException extends Error {
  readonly code: RpcCode;
  readonly details: unknown;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;

  /** @throws TypeError when `code` is none of {@link RpcCode}. */
  constructor(message: string, options: RpcExceptionOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    const code = options.code ?? RpcCode.Internal;
    if (!isRpcCode(code)) throw new TypeError(`${String(code)} is not a code of RpcException; see RpcCode`);
    this.code = code;
    this.details = options.details;
    this.metadata = options.metadata;
  }

  static {
    nameClass(this, 'RpcException');
    Object.defineProperty(this.prototype, brand, { value: true });
  }

  /** The code's name, `Timeout` for 408. */
  get codeName(): string {
    return codeName(this.code) ?? 'Internal';
  }

  /** The form that crosses the wire, for logs and HTTP answers: no stack, no cause. */
  toJSON(): {
    error: string;
    code: RpcCode;
    details?: unknown;
    metadata?: Readonly<Record<string, unknown>> | undefined;
  } {
    const { message: error, code, details, metadata } = this;
    return { error, code, details, metadata };
  }

  /**
   * Turns anything that can be thrown into an exception, without ever throwing itself. An `RpcException` is given
   * back as it is; everything else becomes 500 "Internal error" with the thrown thing as its `cause`, so that it can
   * be logged but does not leak.
   */
  static from(thrown: unknown): RpcException {
    if (isRpcException(thrown)) return thrown;
    observe(thrown);
    return new RpcException('Internal error', { code: RpcCode.Internal, cause: thrown });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this === RpcException) return isRpcException(value);
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

function isRpcException(value: unknown): value is RpcException {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return (value as { [brand]?: unknown })[brand] === true && value instanceof Error;
  } catch {
    return false; // A proxy or getter that throws: not ours.
  }
}

/** A promise that is thrown has nobody else who looks at it. */
function observe(thrown: unknown): void {
  try {
    if (thrown instanceof Promise) thrown.catch(() => undefined);
  } catch {
    // A proxy that throws: no promise.
  }
}

/** 408: the deadline of the caller passed before the answer came. */
export class TimeoutError extends RpcException {
  constructor(message: string, options: Omit<RpcExceptionOptions, 'code'> = {}) {
    super(message, { ...options, code: RpcCode.Timeout });
  }

  static {
    nameClass(this, 'TimeoutError');
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== TimeoutError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return isRpcException(value) && value.code === RpcCode.Timeout;
  }
}

/** One thing that a schema found wrong; `path` leads to it. */
export interface ValidationIssue {
  readonly message: string;
  readonly path?: readonly (string | number)[];
}

/** 422: a payload does not satisfy its schema. `details` holds the issues. */
export class ValidationError extends RpcException {
  declare readonly details: readonly ValidationIssue[];

  constructor(
    message: string,
    issues: readonly ValidationIssue[],
    options: Omit<RpcExceptionOptions, 'code' | 'details'> = {},
  ) {
    super(message, { ...options, code: RpcCode.Validation, details: issues });
  }

  static {
    nameClass(this, 'ValidationError');
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== ValidationError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return isRpcException(value) && value.code === RpcCode.Validation && Array.isArray(value.details);
  }
}
