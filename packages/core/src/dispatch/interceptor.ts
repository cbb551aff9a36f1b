import type { HandlerFrame, MessageContext } from '../context/index.ts';
import { validate } from '../patterns/index.ts';
import type { HandlerFunction, HandlerRecord } from '../registry/index.ts';
import { type RetryPolicy, resolveRetry } from '../seam/index.ts';
import { attempt } from './attempt.ts';

/** A message or event on its way to a handler. */
export interface ServerCall {
  readonly kind: 'message' | 'event';
  /** As it was sent; for a wildcard handler the actual one. */
  readonly pattern: string;
  /** Decoded, not yet validated. */
  readonly data: unknown;
  readonly context: MessageContext;
  /** The handler's name: `UsersController.getUsers`. */
  readonly handler: string;
}

/**
 * Runs around every handler: guards, logging, metrics. Returns what `next` gives, or something else in its place; to
 * refuse, it throws an `RpcException`. `next(call)` with another call changes the data. A stream of replies comes out
 * of `next` as the handler's Observable or AsyncIterable.
 */
export type ServerInterceptor = (call: ServerCall, next: (call?: ServerCall) => Promise<unknown>) => unknown;

/** A handler as an endpoint serves it. */
export interface ServedHandler extends HandlerRecord {
  readonly retry: RetryPolicy;
  /** Where it runs. */
  readonly frame: HandlerFrame;
}

/**
 * The handler with everything that runs around it: interceptors, the first outermost, then validation; and with the
 * endpoint's policy where it has none of its own.
 */
export function serveHandler(
  record: HandlerRecord,
  interceptors: readonly ServerInterceptor[],
  retry: RetryPolicy,
  frame: HandlerFrame,
): ServedHandler {
  const handle = withInterceptors(record, withValidation(record), interceptors);
  return { ...record, handle, retry: resolveRetry(record.name, record.retry, retry), frame };
}

function withValidation({ schema, handle, kind }: HandlerRecord): HandlerFunction {
  if (schema === undefined) return handle;
  const what = kind === 'message' ? 'request' : 'event';
  return (data, context) => {
    const valid = validate(schema, data, what);
    return valid instanceof Promise ? valid.then((output) => handle(output, context)) : handle(valid, context);
  };
}

function withInterceptors(
  record: HandlerRecord,
  handle: HandlerFunction,
  interceptors: readonly ServerInterceptor[],
): HandlerFunction {
  let run: (call: ServerCall) => unknown = (call) => handle(call.data, call.context);
  if (interceptors.length === 0) return handle;
  for (const interceptor of interceptors.toReversed()) {
    const next = run;
    // A throw below is a rejection for the interceptor, whatever the handler is.
    run = (call) => interceptor(call, (changed = call) => attempt(next, changed));
  }
  const { kind, name } = record;
  return (data, context) => run({ kind, pattern: context.pattern, data, context, handler: name });
}
