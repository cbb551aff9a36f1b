import { describe, expect, it } from 'vitest';
import { ReadSize } from './read-size.ts';

describe('the size of a read', () => {
  it('grows while full reads are handled soon, up to a limit', () => {
    const size = new ReadSize();
    const sizes = [size.entries];
    for (let read = 0; read < 7; read += 1) {
      size.handled(true, true, 1);
      sizes.push(size.entries);
    }
    expect(sizes).toEqual([16, 32, 64, 128, 256, 512, 512, 512]);
  });

  it('stays as it is after a read that was not full', () => {
    const size = new ReadSize();
    size.handled(true, true, 1);
    size.handled(false, true, 1);
    expect(size.entries).toBe(32);
  });

  it('shrinks when it has taken long', () => {
    const size = new ReadSize();
    for (let read = 0; read < 3; read += 1) size.handled(true, true, 1);
    const sizes = [100, 100, 100, 100].map((taken) => {
      size.handled(true, true, taken);
      return size.entries;
    });
    expect(sizes).toEqual([64, 32, 16, 16]);
  });

  it.each([true, false])('is small again when something is still at work (full: %s)', (isFull) => {
    const size = new ReadSize();
    for (let read = 0; read < 3; read += 1) size.handled(true, true, 1);
    size.handled(isFull, false, 1);
    expect(size.entries).toBe(16);
  });
});
