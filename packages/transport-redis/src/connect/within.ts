import { within as endsWithin } from '@parley/core/transport';

/** Resolves when `work` is settled, or after `timeout` ms. */
export async function within(timeout: number, work: Promise<unknown>): Promise<void> {
  await endsWithin(timeout, Promise.allSettled([work]));
}
