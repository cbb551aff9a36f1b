import { EMPTY, from, NEVER, Observable, of, range, Subject, type Subscriber, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ObservableIterator, type Subscribable } from './observable-iterator.ts';

const done = { done: true, value: undefined };
const value = (it: unknown) => ({ done: false, value: it });

const iterate = (source: Subscribable, maxBacklog = 100) => new ObservableIterator(source, maxBacklog, false);

async function readAll(iterator: ObservableIterator): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) values.push(next.value);
  return values;
}

/** Emits as long as anybody listens, all inside of `subscribe`. */
function endless(): { readonly source: Observable<number>; emitted: () => number } {
  let count = 0;
  const source = new Observable<number>((subscriber) => {
    while (!subscriber.closed) {
      count += 1;
      subscriber.next(count);
    }
  });
  return { source, emitted: () => count };
}

describe('an Observable', () => {
  it('that is synchronous gives its values and ends', async () => {
    expect(await readAll(iterate(of(1, 2, 3)))).toEqual([1, 2, 3]);
    expect(await readAll(iterate(EMPTY))).toEqual([]);
  });

  it('is subscribed to at the first read, once', async () => {
    let subscriptions = 0;
    const source = new Observable<number>((subscriber) => {
      subscriptions += 1;
      subscriber.next(1);
      subscriber.complete();
    });
    const iterator = iterate(source);
    expect(subscriptions).toBe(0);
    expect(await readAll(iterator)).toEqual([1]);
    expect(await iterator.next()).toEqual(done);
    expect(subscriptions).toBe(1);
  });

  it('gives values as they come', async () => {
    const subject = new Subject<number>();
    const iterator = iterate(subject);
    const first = iterator.next();
    subject.next(1);
    expect(await first).toEqual(value(1));
    subject.next(2);
    subject.next(3);
    subject.complete();
    expect(await readAll(iterator)).toEqual([2, 3]);
  });

  it('undefined is a value', async () => {
    expect(await iterate(of(undefined)).next()).toEqual(value(undefined));
  });

  it('gives its error after the values before it', async () => {
    const failing = new Observable<number>((subscriber) => {
      subscriber.next(1);
      subscriber.error('broken');
    });
    const iterator = iterate(failing);
    expect(await iterator.next()).toEqual(value(1));
    await expect(iterator.next()).rejects.toBe('broken');
    await expect(iterate(throwError(() => undefined)).next()).rejects.toBeUndefined();
  });

  it('whose subscribe throws is one that fails', async () => {
    const broken: Subscribable = {
      subscribe() {
        throw new Error('no subscription');
      },
    };
    await expect(iterate(broken).next()).rejects.toThrow('no subscription');
  });

  it.each([
    ['a function', (end: () => void) => end],
    ['an object', (end: () => void) => ({ unsubscribe: end })],
  ])('of another library is left by the %s that its subscribe gives', async (_name, subscription) => {
    let left = 0;
    const source: Subscribable = {
      subscribe(observer) {
        observer.next(1);
        return subscription(() => {
          left += 1;
        });
      },
    };
    const iterator = iterate(source);
    expect(await iterator.next()).toEqual(value(1));
    await iterator.return();
    expect(left).toBe(1);
  });

  it.each([undefined, null, 42, 'token', {}, Promise.resolve()])(
    'whose subscribe gives %s can be read and left, all the same',
    async (subscription) => {
      const source: Subscribable = {
        subscribe(observer) {
          observer.next(1);
          return subscription;
        },
      };
      const iterator = iterate(source);
      expect(await iterator.next()).toEqual(value(1));
      expect(await iterator.return()).toEqual(done);
    },
  );
});

describe('a teardown that throws', () => {
  const torn = (emit: (subscriber: Subscriber<number>) => void) =>
    new Observable<number>((subscriber) => {
      emit(subscriber);
      return () => {
        throw new Error('teardown');
      };
    });

  it('keeps nobody from the end', async () => {
    const subject = new Subject<number>();
    const iterator = iterate(
      torn((subscriber) => subject.subscribe({ complete: () => quietly(() => subscriber.complete()) })),
    );
    const read = iterator.next();
    subject.complete();
    expect(await read).toEqual(done);
  });

  it('keeps nobody from an error', async () => {
    const subject = new Subject<number>();
    const iterator = iterate(torn((subscriber) => subject.subscribe(() => quietly(() => subscriber.error('broken')))));
    const read = iterator.next();
    subject.next(1);
    await expect(read).rejects.toBe('broken');
  });

  it('keeps nobody from leaving', async () => {
    const iterator = iterate(torn(() => undefined));
    const read = iterator.next();
    expect(await iterator.return()).toEqual(done);
    expect(await read).toEqual(done);
  });
});

describe('leaving', () => {
  it('unsubscribes', async () => {
    const subject = new Subject<number>();
    const iterator = iterate(subject);
    const read = iterator.next();
    expect(subject.observed).toBe(true);
    expect(await iterator.return()).toEqual(done);
    expect(subject.observed).toBe(false);
    expect(await read).toEqual(done);
    expect(await iterator.next()).toEqual(done);
  });

  it('before the first read means never to subscribe', async () => {
    let subscribed = false;
    const iterator = iterate(
      new Observable(() => {
        subscribed = true;
      }),
    );
    await iterator.return();
    expect(await iterator.next()).toEqual(done);
    expect(subscribed).toBe(false);
  });

  it('forgets what waits', async () => {
    const iterator = iterate(of(1, 2, 3));
    await iterator.next();
    await iterator.return();
    expect(await iterator.next()).toEqual(done);
  });

  it('from within a source that emits synchronously stops it', async () => {
    const iterators: ObservableIterator[] = [];
    let emitted = 0;
    const source = new Observable<number>((subscriber) => {
      while (!subscriber.closed && emitted < 1000) {
        emitted += 1;
        subscriber.next(emitted);
        if (emitted === 10) void iterators[0]?.return();
      }
    });
    const iterator = iterate(source);
    iterators.push(iterator);
    await iterator.next();
    expect(emitted).toBe(10);
  });
});

describe('the backlog', () => {
  it('holds what the reader has not read, up to the limit', async () => {
    const iterator = new ObservableIterator(range(1, 101), 100, false);
    expect(await readAll(iterator)).toHaveLength(101);
  });

  it('that is too long ends the stream with 429 that says what to do, and unsubscribes', async () => {
    const subject = new Subject<number>();
    const iterator = new ObservableIterator(subject, 2, false);
    const first = iterator.next();
    for (const it of [1, 2, 3]) subject.next(it);
    expect(subject.observed).toBe(true);
    subject.next(4);
    expect(subject.observed).toBe(false);
    expect(await first).toEqual(value(1));
    await expect(iterator.next()).rejects.toMatchObject({
      code: 429,
      message: expect.stringContaining('return an AsyncIterable') as string,
    });
  });

  it('stops a source that emits for ever', async () => {
    const { source, emitted } = endless();
    const iterator = new ObservableIterator(source, 50, false);
    const outcomes = await Promise.allSettled([iterator.next()]);
    expect(outcomes[0]).toMatchObject({ status: 'fulfilled', value: value(1) });
    await expect(iterator.next()).rejects.toMatchObject({ code: 429 });
    expect(emitted()).toBeLessThan(60);
  });
});

describe('when only the last value is wanted', () => {
  it('any number may pass', async () => {
    const iterator = new ObservableIterator(from(Array.from({ length: 1000 }, (_, index) => index)), 10, true);
    const values = await readAll(iterator);
    expect(values.at(-1)).toBe(999);
    expect(values.length).toBeLessThan(5);
  });

  it('of one that never ends there is none', async () => {
    const iterator = new ObservableIterator(NEVER, 10, true);
    const read = iterator.next();
    await iterator.return();
    expect(await read).toEqual(done);
  });
});

/** What the producer sees of its own mistake is rxjs's business. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // As rxjs says it.
  }
}
