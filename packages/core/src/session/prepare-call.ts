import {
  type AnyCallOptions,
  type AnyStreamOptions,
  type CallRetry,
  currentMessage,
  type EmitOptions,
  type HandledMessage,
  inheritHeaders,
} from '../context/index.ts';
import type { OutgoingCall } from '../correlation/index.ts';
import { checkHeaders } from '../envelope/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import {
  type AnyEventContract,
  type AnyMessageContract,
  contractTarget,
  expectKind,
  isContract,
  isSchema,
  type Pattern,
  targetKey,
} from '../patterns/index.ts';
import { maxTimerDelay, show } from '../seam/index.ts';

const optionNames: ReadonlySet<string> = new Set([
  'timeout',
  'responseType',
  'signal',
  'headers',
  'retry',
  'buffer',
  'key',
] satisfies (keyof AnyCallOptions | keyof AnyStreamOptions | keyof EmitOptions)[]);
const retryNames: ReadonlySet<string> = new Set(['attempts', 'backoff'] satisfies (keyof CallRetry)[]);
const backoffNames: ReadonlySet<string> = new Set(['initial', 'max']);

export type Target = Pattern | AnyMessageContract | AnyEventContract;

/** A call with what is known of it beside the wire. */
export interface PreparedCall extends OutgoingCall {
  /** Whether it may be repeated when its outcome is unknown. */
  readonly idempotent: boolean;
}

/**
 * Checks a call and gives it what it inherits from the handler in which it is made: what is left of the deadline, the
 * signal, the trace headers.
 *
 * @throws RpcException 400 for a bad target or option, 499 when the caller has given up already.
 */
export function prepareCall(
  kind: 'message' | 'event',
  target: Target,
  data: unknown,
  options: AnyCallOptions | undefined,
  defaultTimeout: number,
): PreparedCall {
  const origin = currentMessage();
  // What a handler leaves running behind it has its trace, but no longer its deadline.
  const handled = origin?.over === true ? undefined : origin;
  const contract = isContract(target) ? target : undefined;
  if (contract !== undefined) expectKind(contract, kind);
  const pattern = contract === undefined ? targetKey(target as Pattern) : contractTarget(contract);
  if (options !== undefined) checkOptions(options);
  const signal = options?.signal;
  if (signal?.aborted) throw cancelled(signal.reason);
  if (handled?.aborted) throw cancelled(handled.signal.reason);
  const timeout = options?.timeout ?? defaultTimeout;
  const limit = handled === undefined || handled.deadline === Number.POSITIVE_INFINITY ? undefined : handled.deadline;
  const now = performance.now();
  // Whole milliseconds, since V8 keeps a number that is none apart from its object.
  const own = timeout === 0 ? Number.POSITIVE_INFINITY : Math.ceil(now + timeout);
  return {
    pattern,
    data,
    headers: inheritHeaders(checkHeaders(options?.headers), origin),
    preparedAt: now,
    deadline: limit === undefined ? own : Math.min(own, limit),
    limit,
    onAbort: watcher(signal, handled),
    schema: options?.responseType ?? (contract?.kind === 'message' ? contract.reply : undefined),
    idempotent: contract?.idempotent === true,
  };
}

/** The same call, which one more may give up. */
export function givenUpBy(call: PreparedCall, other: Pick<HandledMessage, 'onAbort'>): PreparedCall {
  const { onAbort } = call;
  if (onAbort === undefined) return { ...call, onAbort: (listener) => other.onAbort(listener) };
  return {
    ...call,
    onAbort: (listener) => {
      const undos = [onAbort(listener), other.onAbort(listener)];
      return () => {
        for (const undo of undos) undo();
      };
    },
  };
}

/** 499, unless the reason says more: a handler that ran out of time cancels its own calls with 408. */
export function cancelled(reason: unknown): RpcException {
  if (reason instanceof RpcException) return reason;
  return new RpcException('Cancelled by the caller', { code: RpcCode.Cancelled, cause: reason });
}

function checkOptions(options: AnyCallOptions): void {
  if (typeof options !== 'object' || options === null) throw badOption('options must be an object', options);
  for (const name in options) if (!optionNames.has(name)) throw unknownOption('there is no option', name);
  const { timeout, signal, responseType, retry } = options;
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0 && timeout <= maxTimerDelay)) {
    throw badOption(`timeout must be milliseconds from 0 to ${maxTimerDelay}`, timeout);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw badOption('signal must be an AbortSignal', signal);
  if (responseType !== undefined && !isSchema(responseType)) {
    throw badOption('responseType must be a Standard Schema (zod, valibot, arktype …)', responseType);
  }
  if (retry !== undefined) checkRetry(retry);
  const { buffer, key } = options as AnyStreamOptions & EmitOptions;
  if (buffer !== undefined && !(Number.isInteger(buffer) && buffer >= 1)) {
    throw badOption('buffer must be a whole number of at least 1', buffer);
  }
  if (key !== undefined && typeof key !== 'string') throw badOption('key must be a string', key);
}

function checkRetry(retry: CallRetry): void {
  if (typeof retry !== 'object' || retry === null) throw badOption('retry must be { attempts, backoff }', retry);
  for (const name in retry) if (!retryNames.has(name)) throw unknownOption('retry has no option', name);
  const { attempts, backoff = {} } = retry;
  if (!(Number.isInteger(attempts) && attempts >= 1)) {
    throw badOption('retry.attempts must be a whole number of at least 1', attempts);
  }
  if (typeof backoff !== 'object' || backoff === null) {
    throw badOption('retry.backoff must be { initial, max }', backoff);
  }
  for (const name in backoff) if (!backoffNames.has(name)) throw unknownOption('retry.backoff has no option', name);
  for (const name of ['initial', 'max'] as const) {
    const value = backoff[name];
    if (value !== undefined && !(typeof value === 'number' && value >= 0 && value <= maxTimerDelay)) {
      throw badOption(`retry.backoff.${name} must be milliseconds from 0 to ${maxTimerDelay}`, value);
    }
  }
}

function watcher(signal: AbortSignal | undefined, handled: HandledMessage | undefined): OutgoingCall['onAbort'] {
  if (signal === undefined) return handled === undefined ? undefined : (listener) => handled.onAbort(listener);
  return (listener) => {
    const abort = () => listener(signal.reason);
    // An aborted signal tells nobody any more.
    if (signal.aborted) {
      abort();
      return () => undefined;
    }
    signal.addEventListener('abort', abort, { once: true });
    const unwatch = handled?.onAbort(listener);
    return () => {
      signal.removeEventListener('abort', abort);
      unwatch?.();
    };
  };
}

function unknownOption(what: string, name: string): RpcException {
  return new RpcException(`Bad call option: ${what} "${name}"`, { code: RpcCode.BadRequest });
}

function badOption(rule: string, value: unknown): RpcException {
  return new RpcException(`Bad call option: ${rule}, got ${show(value)}`, { code: RpcCode.BadRequest });
}
