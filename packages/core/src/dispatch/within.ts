import { maxTimerDelay } from '../seam/index.ts';

/**
 * Whether `task` has ended within `timeout` ms; if not, it goes on, and what becomes of it is nobody's business any more.
 * Rejects as the task does.
 */
export async function within(timeout: number, task: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.min(timeout, maxTimerDelay), false);
  });
  try {
    return await Promise.race([task.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
