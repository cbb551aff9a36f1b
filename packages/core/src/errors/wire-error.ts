import { isRpcCode, RpcCode } from './codes.ts';
import {
  RpcException,
  type RpcExceptionOptions,
  TimeoutError,
  ValidationError,
  type ValidationIssue,
} from './rpc-exception.ts';

/** How an exception crosses the wire, as JSON. The stack and the cause stay at home. */
export interface WireError {
  readonly error: string;
  readonly code: number;
  readonly details?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** The JSON text of an exception. Never throws: details or metadata that JSON cannot hold are left out. */
export function errorToWire(exception: RpcException): string {
  for (const parts of [['details', 'metadata'], ['details'], ['metadata'], []] as const) {
    try {
      const wire: Record<string, unknown> = { error: exception.message, code: exception.code };
      for (const part of parts) wire[part] = exception[part];
      return JSON.stringify(wire);
    } catch {
      // Cyclic, a BigInt, a getter or toJSON that throws: try with less.
    }
  }
  return JSON.stringify({ error: 'Internal error', code: RpcCode.Internal });
}

/** The exception that came as `wire` (the parsed JSON). What is not of that form becomes 500, and says so. */
export function errorFromWire(wire: unknown): RpcException {
  if (typeof wire !== 'object' || wire === null) return malformed(wire);
  const { error, code, details, metadata } = wire as Partial<Record<keyof WireError, unknown>>;
  if (typeof error !== 'string' || !isRpcCode(code)) return malformed(wire);
  const options: RpcExceptionOptions = { details, metadata: isRecord(metadata) ? metadata : undefined };
  if (code === RpcCode.Timeout) return new TimeoutError(error, options);
  if (code === RpcCode.Validation && Array.isArray(details)) {
    return new ValidationError(error, details as ValidationIssue[], options);
  }
  return new RpcException(error, { ...options, code });
}

function malformed(wire: unknown): RpcException {
  return new RpcException('The other side answered with an error that is not in the wire form', {
    code: RpcCode.Internal,
    details: wire,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
