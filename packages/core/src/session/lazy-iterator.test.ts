import { describe, expect, it, vi } from 'vitest';
import { LazyIterator } from './lazy-iterator.ts';

const done = { done: true, value: undefined };

async function* numbers(left: () => void): AsyncGenerator<number, undefined> {
  try {
    yield 1;
    yield 2;
  } finally {
    left();
  }
  return undefined;
}

function lazy() {
  const left = vi.fn<() => void>();
  const opened = vi.fn<() => Promise<AsyncIterator<number, undefined>>>(async () => numbers(left));
  return { iterator: new LazyIterator(opened), opened, left };
}

describe('a lazy iterator', () => {
  it('is opened by its first read, once', async () => {
    const { iterator, opened } = lazy();
    expect(opened).not.toHaveBeenCalled();
    const reads = [iterator.next(), iterator.next(), iterator.next()];
    expect(await Promise.all(reads)).toEqual([{ done: false, value: 1 }, { done: false, value: 2 }, done]);
    expect(opened).toHaveBeenCalledOnce();
  });

  it('that is left before that is never opened', async () => {
    const { iterator, opened } = lazy();
    expect(await iterator.return()).toEqual(done);
    expect(await iterator.next()).toEqual(done);
    expect(opened).not.toHaveBeenCalled();
  });

  it('leaves what it has opened', async () => {
    const { iterator, left } = lazy();
    await iterator.next();
    expect(await iterator.return()).toEqual(done);
    expect(left).toHaveBeenCalledOnce();
    expect(await iterator.next()).toEqual(done);
  });

  it('tells who opens it that the reader has left meanwhile', async () => {
    const told = vi.fn<(reason: unknown) => void>();
    const iterator = new LazyIterator<number>((leaving) => {
      return new Promise((_resolve, reject) => {
        leaving.onAbort(told);
        leaving.onAbort(reject);
      });
    });
    const read = iterator.next();
    expect(await iterator.return()).toEqual(done);
    expect(told).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 499 }));
    // Who has left is not told of what that brought about.
    expect(await read).toEqual(done);
  });

  it('that cannot be opened tells who reads, and lets who leaves go', async () => {
    const iterator = new LazyIterator<number>(() => Promise.reject(new Error('no link')));
    await expect(iterator.next()).rejects.toThrow('no link');
    expect(await iterator.return()).toEqual(done);
  });
});
