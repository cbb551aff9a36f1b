import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outgoing, replyOf } from '../../test/support/outgoing.ts';
import { jsonCodec } from '../envelope/index.ts';
import { RpcException } from '../errors/index.ts';
import { StreamCall } from './stream-call.ts';

/** A stream call with the other side in hand. */
class Stream {
  readonly grants: number[] = [];
  left = 0;
  sent = 0;
  readonly call: StreamCall;

  constructor(buffer: number) {
    this.call = new StreamCall(outgoing(), performance.now(), buffer, {
      grant: (call) => this.grants.push(call.credit),
      leave: () => {
        this.left += 1;
      },
    });
  }

  /** As many replies as there is credit for. */
  sendAll(): number {
    const before = this.sent;
    while (this.sent < this.call.credit) this.send();
    return this.sent - before;
  }

  send(last = false): void {
    this.sent += 1;
    this.call.reply(replyOf(String(this.sent), last), jsonCodec);
  }

  async readAll(): Promise<unknown[]> {
    const values: unknown[] = [];
    for (let next = await this.call.next(); next.done !== true; next = await this.call.next()) values.push(next.value);
    return values;
  }
}

const done = { done: true, value: undefined };
const broken = new RpcException('broken', { code: 502 });

describe('reading', () => {
  it('gives replies in order, whether they wait or are waited for', async () => {
    const stream = new Stream(4);
    stream.send();
    stream.send();
    expect(await stream.call.next()).toEqual({ done: false, value: 1 });
    const reads = [stream.call.next(), stream.call.next(), stream.call.next()];
    stream.send();
    stream.call.complete();
    expect(await Promise.all(reads)).toEqual([{ done: false, value: 2 }, { done: false, value: 3 }, done]);
    expect(await stream.call.next()).toEqual(done);
  });

  it('a last reply ends the stream', async () => {
    const stream = new Stream(4);
    stream.send();
    stream.send(true);
    expect(await stream.readAll()).toEqual([1, 2]);
  });

  it('undefined and null are values', async () => {
    const stream = new Stream(4);
    stream.call.reply(replyOf(undefined, false), jsonCodec);
    stream.call.reply(replyOf('null', true), jsonCodec);
    expect(await stream.readAll()).toEqual([undefined, null]);
  });

  it('an error comes after what came before it, once', async () => {
    const stream = new Stream(4);
    stream.send();
    stream.call.fail(broken);
    expect(await stream.call.next()).toEqual({ done: false, value: 1 });
    await expect(stream.call.next()).rejects.toBe(broken);
    expect(await stream.call.next()).toEqual(done);
  });

  it('an error reaches the first of those who wait; the others are done', async () => {
    const stream = new Stream(4);
    const reads = [stream.call.next(), stream.call.next()];
    stream.call.fail(broken);
    await expect(reads[0]).rejects.toBe(broken);
    expect(await reads[1]).toEqual(done);
    expect(await stream.call.next()).toEqual(done);
  });

  it('what ends it first counts', async () => {
    const stream = new Stream(4);
    stream.call.complete();
    stream.call.fail(broken);
    expect(await stream.call.next()).toEqual(done);
  });

  it('a reply that cannot be decoded is thrown to who gives it', () => {
    const stream = new Stream(4);
    expect(() => stream.call.reply(replyOf('{', false), jsonCodec)).toThrow(
      expect.objectContaining({ code: 400 }) as Error,
    );
  });
});

describe('leaving', () => {
  it('tells the other side once, and forgets what is unread', async () => {
    const stream = new Stream(4);
    stream.send();
    expect(await stream.call.return()).toEqual(done);
    expect(await stream.call.return()).toEqual(done);
    expect(stream.left).toBe(1);
    expect(await stream.call.next()).toEqual(done);
  });

  it('releases who waits', async () => {
    const stream = new Stream(4);
    const read = stream.call.next();
    await stream.call.return();
    expect(await read).toEqual(done);
  });

  it('after the end tells nobody, and hides an error that nobody has read', async () => {
    const stream = new Stream(4);
    stream.call.fail(broken);
    await stream.call.return();
    expect(stream.left).toBe(0);
    expect(await stream.call.next()).toEqual(done);
  });
});

describe('credit', () => {
  it('begins with the buffer', () => {
    expect(new Stream(7).call.credit).toBe(7);
  });

  it('is not granted to who sends without being read', () => {
    const stream = new Stream(4);
    stream.sendAll();
    expect(stream.grants).toEqual([]);
  });

  it('is granted by halves of the buffer as it is read', async () => {
    const stream = new Stream(4);
    stream.sendAll();
    await stream.call.next();
    expect(stream.grants).toEqual([]);
    await stream.call.next();
    expect(stream.grants).toEqual([6]);
  });

  it('is granted for each reply when the buffer is 1', async () => {
    const stream = new Stream(1);
    for (let count = 1; count <= 3; count += 1) {
      expect(stream.sendAll()).toBe(1);
      await stream.call.next();
    }
    expect(stream.grants).toEqual([2, 3, 4]);
  });

  it('is not granted any more once the stream has ended', async () => {
    const ended = [
      (stream: Stream) => stream.call.complete(),
      (stream: Stream) => stream.call.fail(broken),
      (stream: Stream) => void stream.call.return(),
    ];
    for (const end of ended) {
      const stream = new Stream(2);
      stream.sendAll();
      end(stream);
      await stream.readAll().catch(() => undefined);
      expect(stream.grants).toEqual([]);
    }
  });

  it.each([1, 2, 3])('is not granted for the last reply, with a buffer of %i', async (buffer) => {
    const stream = new Stream(buffer);
    const read = stream.call.next();
    stream.send(true);
    await read;
    expect(stream.grants).toEqual([]);
  });

  it('more replies than there is credit for are refused with 429', () => {
    const stream = new Stream(2);
    stream.sendAll();
    expect(() => stream.send()).toThrow(expect.objectContaining({ code: 429 }) as Error);
  });

  it('lets every stream through, bounds what is unread, and is thrifty with messages', async () => {
    const step = fc.oneof(fc.constant('send'), fc.constant('read'), fc.constant('send all'), fc.constant('read ahead'));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 60 }), async (buffer, steps) => {
        const stream = new Stream(buffer);
        const read: unknown[] = [];
        const waiting: Promise<unknown>[] = [];
        for (const what of steps) {
          if (what === 'send' && stream.sent < stream.call.credit) stream.send();
          if (what === 'send all') stream.sendAll();
          if (what === 'read ahead') waiting.push(stream.call.next().then((next) => read.push(next.value)));
          if (what === 'read' && stream.sent > read.length + waiting.length) {
            await Promise.all(waiting.splice(0));
            read.push((await stream.call.next()).value);
          }
          // Nobody has more than the buffer in hand that was not read.
          expect(stream.call.credit - Math.max(read.length, 0)).toBeLessThanOrEqual(buffer + waiting.length);
          // Who has read everything can always be sent more.
          if (waiting.length > 0 && stream.sent <= read.length) expect(stream.sent).toBeLessThan(stream.call.credit);
        }
        for (let left = waiting.length + read.length - stream.sent; left > 0; left -= 1) stream.send();
        await Promise.all(waiting);
        stream.call.complete();
        read.push(...(await stream.readAll()));
        expect(read).toEqual(Array.from({ length: stream.sent }, (_, index) => index + 1));
        expect(stream.grants.every((total, index) => total > (stream.grants[index - 1] ?? buffer))).toBe(true);
        expect(stream.grants.length).toBeLessThanOrEqual(Math.ceil(stream.sent / Math.max(1, buffer / 2)));
      }),
    );
  });
});
