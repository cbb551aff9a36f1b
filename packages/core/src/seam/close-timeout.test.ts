import { describe, expect, it } from 'vitest';
import { closeTimeout } from './close-timeout.ts';
import { maxTimerDelay } from './options.ts';

describe('the timeout of a close', () => {
  it.each([
    [undefined, 10_000],
    [{}, 10_000],
    [{ timeout: 0 }, 0],
    [{ timeout: 1.5 }, 1.5],
    [{ timeout: Number.POSITIVE_INFINITY }, maxTimerDelay],
  ])('%o is %d ms', (options, timeout) => {
    expect(closeTimeout(options)).toBe(timeout);
  });

  it.each([-1, Number.NaN, '5', null, {}])('%o is refused with 400', (timeout) => {
    expect(() => closeTimeout({ timeout: timeout as number })).toThrow(
      expect.objectContaining({ name: 'RpcException', code: 400 }) as Error,
    );
  });
});
