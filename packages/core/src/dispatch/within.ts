import { RpcCode, RpcException } from '../errors/index.ts';
import { maxTimerDelay, show } from '../seam/index.ts';

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

/**
 * The `timeout` of a `close`, in milliseconds. `Infinity`: as long as it takes.
 *
 * @throws RpcException 400
 */
export function closeTimeout(options: { readonly timeout?: number } = {}): number {
  const { timeout = 10_000 } = options;
  if (typeof timeout === 'number' && timeout >= 0) return timeout;
  throw new RpcException(`close: timeout must be milliseconds of at least 0, got ${show(timeout)}`, {
    code: RpcCode.BadRequest,
  });
}
