import { Readable } from 'node:stream';
import { setImmediate as tick } from 'node:timers/promises';
import { Observable, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Abortable } from './abortable.ts';
import { isStream, type ReplySource, ReplyStream, readToEnd } from './reply-stream.ts';

/** A stream of replies, and what became of it. */
class Sent {
  readonly log: unknown[] = [];
  readonly stream: ReplyStream;
  full: Promise<void> | undefined;

  constructor(source: ReplySource, credit: number, maxBacklog = 100) {
    this.stream = new ReplyStream(source, credit, maxBacklog, {
      reply: (value, last) => {
        if (value === 'too large') throw new Error('too large');
        this.log.push(last ? { last: value } : value);
        return this.full;
      },
      complete: () => this.log.push('complete'),
      fail: (thrown) => this.log.push({ failed: thrown instanceof Error ? thrown.message : thrown }),
      left: () => this.log.push('left'),
    });
  }

  async run(): Promise<unknown[]> {
    await this.stream.run();
    return this.log;
  }
}

/** Counts up for as long as it is read, and notes when it is left. */
class Counter {
  read = 0;
  left = 0;

  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    try {
      for (;;) {
        this.read += 1;
        yield this.read;
      }
    } finally {
      this.left += 1;
    }
  }
}

async function* upTo(count: number): AsyncGenerator<number> {
  for (let number = 1; number <= count; number += 1) yield number;
}

async function* failing(): AsyncGenerator<number> {
  yield 1;
  throw new Error('broken');
}

describe('what is a stream', () => {
  it.each<[string, unknown]>([
    ['an Observable', of(1)],
    ['an async generator', upTo(1)],
    ['a Readable', Readable.from([])],
    ['anything with subscribe', { subscribe: () => undefined }],
    ['a ReadableStream', new ReadableStream()],
  ])('%s is', (_name, value) => {
    expect(isStream(value)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an array', [1]],
    ['a generator that is not async', (function* () {})()],
    ['text', 'abc'],
    ['bytes', new Uint8Array(1)],
    ['a function with subscribe', Object.assign(() => 1, { subscribe: () => 1 })],
    ['an object with data called subscribe', { subscribe: true }],
  ])('%s is not', (_name, value) => {
    expect(isStream(value)).toBe(false);
  });
});

describe('with credit', () => {
  it('every reply is sent, then the end', async () => {
    expect(await new Sent(upTo(3), 10).run()).toEqual([1, 2, 3, 'complete', 'left']);
    expect(await new Sent(of(1, 2), 10).run()).toEqual([1, 2, 'complete', 'left']);
    expect(await new Sent(upTo(0), 10).run()).toEqual(['complete', 'left']);
  });

  it('no more are sent, nor read from a source that can wait, than there is credit for', async () => {
    const counter = new Counter();
    const sent = new Sent(counter, 2);
    void sent.stream.run();
    await tick();
    expect(sent.log).toEqual([1, 2]);
    expect(counter.read).toBe(2);
    sent.stream.allow(2);
    sent.stream.allow(1);
    await tick();
    expect(sent.log).toEqual([1, 2]);
    sent.stream.allow(5);
    await tick();
    expect(sent.log).toEqual([1, 2, 3, 4, 5]);
    sent.stream.stop();
  });

  it('credit that comes before it is needed counts', async () => {
    const sent = new Sent(upTo(3), 1);
    sent.stream.allow(4);
    expect(await sent.run()).toEqual([1, 2, 3, 'complete', 'left']);
  });

  it('the end comes when the reader might take one more: a source is not read ahead to see whether it ends', async () => {
    const sent = new Sent(upTo(2), 2);
    const running = sent.run();
    await tick();
    expect(sent.log).toEqual([1, 2]);
    sent.stream.allow(3);
    expect(await running).toEqual([1, 2, 'complete', 'left']);
  });

  it('waits while the way out is full', async () => {
    const full = Promise.withResolvers<void>();
    const sent = new Sent(upTo(2), 10);
    sent.full = full.promise;
    const running = sent.run();
    await tick();
    expect(sent.log).toEqual([1]);
    sent.full = undefined;
    full.resolve();
    expect(await running).toEqual([1, 2, 'complete', 'left']);
  });

  it('an error is told after what came before it', async () => {
    expect(await new Sent(failing(), 10).run()).toEqual([1, { failed: 'broken' }, 'left']);
  });

  it('a reply that cannot be sent ends it, and leaves the source', async () => {
    const subject = new Subject<unknown>();
    const sent = new Sent(subject, 10);
    const running = sent.run();
    subject.next(1);
    subject.next('too large');
    expect(await running).toEqual([1, { failed: 'too large' }, 'left']);
    expect(subject.observed).toBe(false);
  });

  it('an Observable that is too far ahead ends with 429 and is left', async () => {
    const subject = new Subject<number>();
    const sent = new Sent(subject, 1, 2);
    const running = sent.run();
    await tick();
    for (let number = 1; number <= 4; number += 1) subject.next(number);
    expect(subject.observed).toBe(false);
    sent.stream.allow(10);
    expect(await running).toEqual([1, { failed: expect.stringContaining('ahead of its reader') as string }, 'left']);
  });
});

describe('without credit only the last reply is sent', () => {
  it('as the last one', async () => {
    expect(await new Sent(upTo(1000), 0).run()).toEqual([{ last: 1000 }, 'left']);
    expect(await new Sent(of('a', 'b'), 0).run()).toEqual([{ last: 'b' }, 'left']);
  });

  it('which may be undefined', async () => {
    expect(await new Sent(of(undefined), 0).run()).toEqual([{ last: undefined }, 'left']);
  });

  it('or the end, when there was none', async () => {
    expect(await new Sent(upTo(0), 0).run()).toEqual(['complete', 'left']);
  });

  it('an error is told, and nothing of what came before it', async () => {
    expect(await new Sent(failing(), 0).run()).toEqual([{ failed: 'broken' }, 'left']);
  });
});

describe('stop', () => {
  it.each([0, 10])('runs the source’s finally, and sends nothing more (credit %i)', async (credit) => {
    let left = false;
    async function* waiting() {
      try {
        yield 1;
        await tick();
        yield 2;
      } finally {
        left = true;
      }
    }
    const sent = new Sent(waiting(), credit);
    const running = sent.run();
    sent.stream.stop();
    sent.stream.stop();
    expect(await running).toEqual(['left']);
    expect(left).toBe(true);
  });

  it('wakes a stream that waits for credit', async () => {
    const counter = new Counter();
    const sent = new Sent(counter, 1);
    const running = sent.run();
    await tick();
    sent.stream.stop();
    expect(await running).toEqual([1, 'left']);
    expect(counter.left).toBe(1);
  });

  it('unsubscribes an Observable', async () => {
    const subject = new Subject<number>();
    const sent = new Sent(subject, 10);
    const running = sent.run();
    subject.next(1);
    await tick();
    sent.stream.stop();
    expect(subject.observed).toBe(false);
    subject.next(2);
    expect(await running).toEqual([1, 'left']);
  });

  it.each([0, 10])('before it ran means that the source is never read (credit %i)', async (credit) => {
    let reads = 0;
    let subscriptions = 0;
    const iterable: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          reads += 1;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const observable = new Observable(() => {
      subscriptions += 1;
    });
    for (const source of [iterable, observable]) {
      const sent = new Sent(source, credit);
      sent.stream.stop();
      expect(await sent.run()).toEqual(['left']);
    }
    expect([reads, subscriptions]).toEqual([0, 0]);
  });
});

describe('a stream that nobody wants the replies of', () => {
  it('is read to its end', async () => {
    let ended = false;
    async function* work() {
      yield 1;
      await tick();
      yield 1n;
      ended = true;
    }
    await readToEnd(work(), new Abortable());
    expect(ended).toBe(true);
    await readToEnd(of(1, 2, 3), new Abortable());
  });

  it('fails as it fails', async () => {
    await expect(readToEnd(failing(), new Abortable())).rejects.toThrow('broken');
  });

  it('is left when it is to stop', async () => {
    const handling = new Abortable();
    const subject = new Subject();
    const read = readToEnd(subject, handling);
    await tick();
    handling.abort('stop');
    // Not read to its end, so not done.
    await expect(read).rejects.toBe('stop');
    expect(subject.observed).toBe(false);
  });
});

describe('sources of every kind', () => {
  it('an iterator without return, or whose return throws, can be left', async () => {
    const returns = [
      undefined,
      () => {
        throw new Error('no');
      },
      () => Promise.reject(new Error('no')),
    ];
    for (const leave of returns) {
      const source = {
        [Symbol.asyncIterator]: () => ({
          next: async () => {
            await tick();
            return { done: false, value: 1 };
          },
          ...(leave === undefined ? {} : { return: leave }),
        }),
      } as AsyncIterable<unknown>;
      const sent = new Sent(source, 5);
      const running = sent.run();
      sent.stream.stop();
      expect(await running).toEqual(['left']);
    }
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no next');
      },
    ],
    ['gives nothing', () => undefined],
    ['rejects', () => Promise.reject(new Error('no next'))],
  ])('an iterator whose next %s fails the call', async (_name, next) => {
    const source = { [Symbol.asyncIterator]: () => ({ next }) } as AsyncIterable<unknown>;
    for (const credit of [0, 5]) {
      const log = await new Sent(source, credit).run();
      expect(log).toEqual([{ failed: expect.any(String) as string }, 'left']);
    }
  });

  it('a Readable that waits for data is destroyed when it is left', async () => {
    const readable = new Readable({ read: () => undefined });
    const sent = new Sent(readable, 1);
    const running = sent.run();
    await tick();
    sent.stream.stop();
    expect(await running).toEqual(['left']);
    expect(readable.destroyed).toBe(true);
  });

  it('a Readable is read to its end, and destroyed when it is left', async () => {
    expect(await new Sent(Readable.from(['a', 'b']), 10).run()).toEqual(['a', 'b', 'complete', 'left']);
    const readable = Readable.from(upTo(100));
    const sent = new Sent(readable, 1);
    const running = sent.run();
    while (sent.log.length === 0) await tick();
    sent.stream.stop();
    await running;
    while (!readable.destroyed) await tick();
  });
});
