import { type WarningLog, within } from '../dispatch/index.ts';
import type { BaseClient, BaseTransporter } from '../seam/index.ts';
import type { SessionHub } from './session-hub.ts';

/** Milliseconds that a transport may be late with closing, before it is given up. */
const graceTime = 1000;

/** Closes one side of a transport, and then what it has left attached. Bounded, whatever the transport does; never rejects. */
export async function closeSide(
  side: BaseTransporter | BaseClient,
  hub: SessionHub,
  { timeout, log, reason }: { readonly timeout: number; readonly log: WarningLog; readonly reason: string },
): Promise<void> {
  try {
    const isClosed = await within(timeout + graceTime, side.close(timeout));
    if (!isClosed) log.warn('the transport did not close in time');
  } catch (problem) {
    log.warn('could not close cleanly', problem);
  }
  hub.detachAll(new Error(reason));
}
