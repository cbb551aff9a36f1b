import type { CallRetry } from '../context/index.ts';
import { type Abortable, pause } from '../dispatch/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import { type Backoff, backoffDelay } from '../seam/index.ts';
import { cancelled, givenUpBy, type PreparedCall } from './prepare-call.ts';

const defaultBackoff: Backoff = { initial: 50, max: 2000 };

/** Surely not handled: safe to repeat. */
const alwaysRepeated: ReadonlySet<RpcCode> = new Set([RpcCode.Unavailable, RpcCode.Overloaded]);
/** Perhaps handled: repeated only where that does no harm. */
const repeatedIfIdempotent: ReadonlySet<RpcCode> = new Set([RpcCode.ConnectionLost, RpcCode.Timeout]);

/**
 * Tries a call until it succeeds, fails for good, was tried often enough, or has no time left.
 *
 * @param isEvent an event is never repeated when it may have been sent.
 * @param closing ends the tries: nothing can be sent any more
 */
export async function withRetry<Result>(
  call: PreparedCall,
  retry: CallRetry,
  isEvent: boolean,
  closing: Abortable,
  attemptCall: () => Promise<Result>,
): Promise<Result> {
  const { initial = defaultBackoff.initial, max = defaultBackoff.max } = retry.backoff ?? {};
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptCall();
    } catch (thrown) {
      const error = RpcException.from(thrown);
      const mayRepeat =
        alwaysRepeated.has(error.code) || (!isEvent && call.idempotent && repeatedIfIdempotent.has(error.code));
      const delay = backoffDelay({ initial, max }, attempt);
      if (closing.aborted || !mayRepeat || attempt >= retry.attempts || performance.now() + delay >= call.deadline)
        throw error;
      await pauseUnlessGivenUp(givenUpBy(call, closing), delay);
    }
  }
}

/** @throws RpcException 499 when the caller gives up meanwhile. */
async function pauseUnlessGivenUp(call: PreparedCall, delay: number): Promise<void> {
  const given = new AbortController();
  const unwatch = call.onAbort?.((reason) => given.abort(cancelled(reason)));
  const waited = await pause(delay, given.signal);
  unwatch?.();
  if (!waited) throw given.signal.reason;
}
