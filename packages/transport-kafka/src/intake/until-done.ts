import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelay } from '@parley/core/transport';

/** Milliseconds between tries. */
const backoff = { initial: 200, max: 30_000 };

/** Does it again until it has worked. @returns false when the signal aborted first. Never rejects. */
export async function untilDone(
  act: () => Promise<void>,
  signal: AbortSignal,
  failed: (thrown: unknown) => void,
): Promise<boolean> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await act();
      return true;
    } catch (thrown) {
      failed(thrown);
    }
    await sleep(backoffDelay(backoff, attempt), undefined, { signal }).catch(() => undefined);
  }
  return false;
}
