import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until it gets an answer other than `undefined` or `false`; what it throws counts as none.
 *
 * @throws Error after `timeout` ms, which says what was waited for and what went wrong last.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  { timeout = 30_000, every = 20 }: { timeout?: number; every?: number } = {},
): Promise<T> {
  const end = performance.now() + timeout;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end) throw new Error(`waited ${timeout} ms in vain for ${what}`, { cause });
    await sleep(every);
  }
}
