import { backoffDelay, type Delivery } from '../seam/index.ts';
import type { Dispatcher } from './dispatcher.ts';
import { pause } from './pause.ts';

/** Waits between tries to bury a dead event while its broker does not take it. */
const buryBackoff = { initial: 200, max: 30_000 };

/** Puts a delivery (`what`, for the log) where dead messages are kept; tries until that has worked or the service stops. Never rejects. */
export async function bury(
  { log, stopping }: Dispatcher,
  what: string,
  delivery: Delivery,
  body: string,
  attempts: number,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await delivery.dead({ body, attempts });
      log.error(`${what} went to the dead letters after ${count(attempts)}`);
      return;
    } catch (thrown) {
      log.warn(`${what} could not be put into the dead letters; trying again`, thrown);
    }
    if (!(await pause(backoffDelay(buryBackoff, attempt), stopping.signal))) return;
  }
}

function count(attempts: number): string {
  return attempts === 1 ? '1 try' : `${attempts} tries`;
}
