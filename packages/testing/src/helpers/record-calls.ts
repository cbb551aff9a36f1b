import { inspect, isDeepStrictEqual } from 'node:util';
import type { MessageContext } from '@parley/core';

/** One call of a recorded handler. */
export interface RecordedCall<Data = unknown> {
  readonly data: Data;
  readonly context: MessageContext;
}

/** A handler that keeps what it was called with; give it to `host.message` or `host.event`. */
export interface RecordedHandler<Data = unknown, Result = unknown> {
  (data: Data, context: MessageContext): Result;
  /** Oldest first. Grows until it is emptied. */
  readonly calls: RecordedCall<Data>[];
}

/** What a call must be: equal data (deeply), or whatever the function says. */
export type CallMatcher<Data> = Data | ((call: RecordedCall<Data>) => boolean);

export interface WaitOptions {
  /** Milliseconds. Default 1 000. */
  readonly timeout?: number;
}

const listeners = new WeakMap<object, Set<() => void>>();

/**
 * Wraps a handler so that a test can see its calls and wait for them ({@link waitForCall}).
 *
 * ```ts
 * const onCreated = recordCalls();
 * host.event('user.created', onCreated);
 * await client.emit('user.created', { id: 1 });
 * await waitForCall(onCreated, { id: 1 });
 * ```
 *
 * @param handler what a call does. Default: nothing.
 */
export function recordCalls<Data = unknown, Result = void>(
  handler?: (data: Data, context: MessageContext) => Result,
): RecordedHandler<Data, Result> {
  const calls: RecordedCall<Data>[] = [];
  const waiting = new Set<() => void>();
  const recorded = (data: Data, context: MessageContext): Result => {
    calls.push({ data, context });
    for (const look of [...waiting]) look();
    return handler?.(data, context) as Result;
  };
  const result = Object.assign(recorded, { calls });
  listeners.set(result, waiting);
  return result;
}

/**
 * Resolves with the first recorded call that matches: at once if there was one already. The call has begun then, and
 * need not have ended.
 *
 * @param matcher the data, compared deeply, or a function of the call. Default: any call.
 * @throws Error when none has come within `timeout`; it tells what came instead.
 */
export function waitForCall<Data>(
  handler: RecordedHandler<Data>,
  matcher: CallMatcher<Data> = () => true,
  { timeout = 1000 }: WaitOptions = {},
): Promise<RecordedCall<Data>> {
  const matches = (call: RecordedCall<Data>) =>
    typeof matcher === 'function'
      ? (matcher as (call: RecordedCall<Data>) => boolean)(call)
      : isDeepStrictEqual(call.data, matcher);
  return new Promise((resolve, reject) => {
    const waiting = listeners.get(handler);
    const end = (outcome: () => void) => {
      clearTimeout(timer);
      waiting?.delete(look);
      outcome();
    };
    const look = () => {
      try {
        const call = handler.calls.find(matches);
        if (call !== undefined) end(() => resolve(call));
      } catch (thrown) {
        end(() => reject(thrown));
      }
    };
    const timer = setTimeout(() => {
      const last = inspect(handler.calls.slice(-5).map(({ data }) => data));
      end(() =>
        reject(
          new Error(`No such call came within ${timeout} ms; there were ${handler.calls.length}, the last ${last}`),
        ),
      );
    }, timeout);
    waiting?.add(look);
    look();
  });
}
