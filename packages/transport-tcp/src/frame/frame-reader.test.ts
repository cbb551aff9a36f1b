import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { event, reply, request } from '../../test/fake-hub.ts';
import { anyFrame, decode, encode, newReader, plain } from '../../test/frames.ts';
import type { Frame } from './frame.ts';
import { FrameReader } from './frame-reader.ts';

const some: Frame[] = [
  request(7, '{"page":1}', {
    headers: { traceparent: '00-ü' },
    contentType: 'application/x',
    timeout: 20_000,
    credit: 3,
  }),
  event(new Uint8Array([1, 2, 3]), { key: 'kéy' }),
  reply(7, 'done'),
  { kind: 'ping' },
  { kind: 'credit', id: 7, to: undefined, pattern: '', total: 2 ** 40 },
];

describe('FrameReader', () => {
  it('finds the same frames wherever the stream is split in two', () => {
    const bytes = encode(...some);
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(decode(bytes.subarray(0, at), bytes.subarray(at)).map(plain)).toEqual(some.map(plain));
    }
  });

  it('finds the same frames byte by byte', () => {
    const chunks = [...encode(...some)].map((byte) => Buffer.of(byte));
    expect(decode(...chunks).map(plain)).toEqual(some.map(plain));
  });

  it('finds the same frames in chunks of any sizes', () => {
    const frames = fc.array(anyFrame, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(frames, fc.infiniteStream(fc.integer({ min: 1, max: 9000 })), (sent, sizes) => {
        const bytes = encode(...sent);
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = sizes.next().value as number;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(decode(...chunks).map(plain)).toEqual(sent.map(plain));
      }),
      { numRuns: 300 },
    );
  });

  it('hands on whole frames without copying them', () => {
    const chunk = Buffer.from(encode(request(1, new Uint8Array(50_000))));
    const { reader, frames } = newReader();
    reader.read(chunk);
    const [frame] = frames;
    expect(frame !== undefined && 'body' in frame && (frame.body as Uint8Array).buffer).toBe(chunk.buffer);
  });

  it('refuses a length over the limit before anything of that frame is kept', () => {
    const { reader } = newReader(1000);
    expect(() => reader.read(Buffer.from([0, 0, 3, 233]))).toThrowError(/1001 bytes, and the limit is 1000/);
    expect(reader.heldBytes).toBe(0);
    const split = newReader(1000).reader;
    split.read(Buffer.from([0xff, 0xff]));
    expect(() => split.read(Buffer.from([0xff, 0xff, 1, 2, 3]))).toThrowError(/limit/);
  });

  it('refuses a length under that of the smallest frame', () => {
    expect(() => decode(Buffer.from([0, 0, 0, 5]))).toThrowError(/too short/);
  });

  it('takes memory as a large frame comes, not as it is announced', () => {
    const { reader } = newReader();
    const before = process.memoryUsage().arrayBuffers;
    const announced = Buffer.alloc(20);
    announced.writeUInt32BE(1_000_000);
    reader.read(announced);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200_000);
    expect(reader.incomplete).toBe(true);
  });

  it('stops in the middle of a chunk when it is told to', () => {
    let seen = 0;
    const reader = new FrameReader(1000, () => {
      seen += 1;
      return seen < 2;
    });
    reader.read(encode(...some));
    expect(seen).toBe(2);
    expect(reader.incomplete).toBe(false);
  });
});
