import { RpcCode } from '@parley/core/transport';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { event, reply, request } from '../../test/fake-hub.ts';
import { anyFrame, decode, drain, encode, newWriter, plain } from '../../test/frames.ts';
import { FrameError } from './frame-error.ts';

describe('FrameWriter', () => {
  it('writes what the decoder reads back, whatever the frames', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 8 }), (frames) => {
        expect(decode(encode(...frames)).map(plain)).toEqual(frames.map(plain));
      }),
      // Some frames are large: no more than there is time for.
      { numRuns: 500, interruptAfterTimeLimit: 15_000 },
    );
  });

  it('puts small frames of one tick into one buffer', () => {
    const writer = newWriter();
    for (let id = 0; id < 100; id += 1) writer.write(request(id, '{"a":1}'));
    expect(writer.whole).toBe(true);
    expect(drain(writer)).toHaveLength(1);
  });

  it('gives large bodies chunks of their own, copied, in order', () => {
    const writer = newWriter();
    const bytes = new Uint8Array(100_000).fill(7);
    const text = 'ä'.repeat(50_000);
    writer.write(request(1, 'small'));
    writer.write(request(2, bytes));
    writer.write(request(3, text));
    writer.write(request(4, 'small'));
    bytes.fill(9);
    const size = writer.size;
    const chunks = drain(writer);
    expect(chunks).toHaveLength(5);
    expect(writer.size).toBe(0);
    expect(Buffer.concat(chunks)).toHaveLength(size);
    const bodies = decode(...chunks).map((frame) => ('body' in frame ? frame.body : undefined));
    expect(bodies).toEqual(['small', new Uint8Array(100_000).fill(7), text, 'small']);
  });

  it('hands out no more than it is asked for', () => {
    const writer = newWriter();
    writer.write(request(1, new Uint8Array(100_000)));
    const parts: Buffer[] = [];
    for (let part = writer.shift(30_000); part !== undefined; part = writer.shift(30_000)) parts.push(part);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(30_000);
    expect(decode(...parts)).toHaveLength(1);
  });

  it('does not reuse memory before it was told that it was copied', () => {
    const writer = newWriter();
    writer.write(request(1, 'first'));
    const first = writer.shift() as Buffer;
    writer.settle(false);
    writer.write(request(2, 'second'));
    expect(decode(first)).toMatchObject([{ id: 1, body: 'first' }]);
    const second = writer.shift() as Buffer;
    writer.settle(false);
    writer.reclaim();
    writer.write(request(3, 'third'));
    expect([first.buffer, second.buffer]).toContain((writer.shift() as Buffer).buffer);
  });

  it('replaces a lone surrogate, as every encoder of UTF-8 does', () => {
    expect(decode(encode(request(1, 'a\ud800b')))).toMatchObject([{ body: 'a\ufffdb' }]);
  });

  it('rounds time up and never to none, and caps what a u32 cannot hold', () => {
    const timeouts = [0, 0.2, 1.5, -3, Number.POSITIVE_INFINITY].map((timeout) => request(1, undefined, { timeout }));
    expect(decode(encode(...timeouts)).map((frame) => 'timeout' in frame && frame.timeout)).toEqual([
      0, 1, 2, 1, 0xffff_ffff,
    ]);
    const credits = decode(encode(request(1, undefined, { credit: Number.POSITIVE_INFINITY })));
    expect(credits).toMatchObject([{ credit: 0xffff_ffff }]);
  });

  it('carries a head of up to 64 KiB and refuses more, before anything is written', () => {
    const writer = newWriter();
    writer.write(event('body', { key: 'k'.repeat(60_000) }));
    expect(decode(...drain(writer))).toMatchObject([{ key: 'k'.repeat(60_000), body: 'body' }]);
    for (const wrong of [event('', { key: 'ä'.repeat(40_000) }), reply(1, '', { contentType: 'x'.repeat(70_000) })]) {
      expect(() => writer.write(wrong)).toThrowError(FrameError);
    }
    expect(() => writer.write(request(-1))).toThrowError(expect.objectContaining({ code: RpcCode.BadRequest }));
    expect(() => writer.write({ kind: 'complete', id: 'inbox.1' })).toThrowError(/u32/);
    expect(writer.size).toBe(0);
  });
});
