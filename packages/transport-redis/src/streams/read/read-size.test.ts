import { describe, expect, it } from 'vitest';
import { ReadSize } from './read-size.ts';

describe('the size of a read', () => {
  it('grows while full reads are handled soon, up to a limit', () => {
    const size = new ReadSize();
    const sizes: number[] = [];
    for (let now = 0; now < 8; now += 1) {
      sizes.push(size.next(now, true));
      size.filled(now);
    }
    expect(sizes).toEqual([16, 32, 64, 128, 256, 512, 512, 512]);
  });

  it('stays as it is after a read that was not full', () => {
    const size = new ReadSize();
    size.next(0, true);
    size.filled(0);
    expect([size.next(1, true), size.next(1000, true), size.next(2000, true)]).toEqual([32, 32, 32]);
  });

  it('is small again when something is still at work, or has taken long', () => {
    for (const [now, isIdle] of [
      [2, false],
      [7, true],
    ] as const) {
      const size = new ReadSize();
      size.next(0, true);
      size.filled(0);
      expect(size.next(1, true)).toBe(32);
      size.filled(1);
      expect(size.next(now, isIdle)).toBe(16);
    }
    const size = new ReadSize();
    size.filled(0);
    expect([size.next(1, true), size.next(2, false)]).toEqual([32, 16]);
  });
});
