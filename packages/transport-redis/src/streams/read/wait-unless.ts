import { setTimeout as wait } from 'node:timers/promises';

/** Resolves after so many milliseconds, or when `signal` aborts. */
export async function waitUnless(signal: AbortSignal, milliseconds: number): Promise<void> {
  try {
    await wait(milliseconds, undefined, { signal });
  } catch {
    // Aborted.
  }
}
