import vectors from '@parley/testing/vectors/tcp.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import type { Frame } from '../src/frame/frame.ts';
import { FrameError } from '../src/frame/frame-error.ts';
import { decode, encode, newReader, plain } from './frames.ts';

/** As in the vectors: a body is `{ text }` or `{ bytes }` in hex, so that JSON can hold both; no field is `undefined`. */
interface VectorFrame {
  readonly kind: string;
  readonly body?: { readonly text?: string; readonly bytes?: string };
}

const defaults: Record<string, object> = {
  cancel: { to: undefined, pattern: '' },
  credit: { to: undefined, pattern: '' },
};

function fromVector({ body, ...fields }: VectorFrame): Frame {
  const frame = { ...defaults[fields.kind], ...fields };
  if (body === undefined) return frame as unknown as Frame;
  return { ...frame, body: body.text ?? new Uint8Array(Buffer.from(body.bytes ?? '', 'hex')) } as unknown as Frame;
}

describe('golden vectors', () => {
  it.each(vectors.frames)('$name: the frame gives the bytes', ({ frame, hex }) => {
    expect(encode(fromVector(frame)).toString('hex')).toBe(hex);
  });

  it.each(vectors.frames)('$name: the bytes give the frame', ({ frame, hex }) => {
    expect(decode(Buffer.from(hex, 'hex')).map(plain)).toEqual([plain(fromVector(frame))]);
  });

  it.each(vectors.accepted)('$name: is read, though nobody here writes it', ({ frame, hex }) => {
    expect(decode(Buffer.from(hex, 'hex')).map(plain)).toEqual([plain(fromVector(frame))]);
  });

  it.each(vectors.invalid)('$name: the connection is closed', ({ hex, limit, code, reason }) => {
    const { reader } = newReader(limit);
    const read = (): void => reader.read(Buffer.from(hex, 'hex'));
    expect(read).toThrowError(FrameError);
    expect(read).toThrowError(expect.objectContaining({ code, message: reason }));
  });

  it.each(vectors.refused)('$name: the message is refused', ({ hex, id, reason }) => {
    expect(decode(Buffer.from(hex, 'hex'))).toEqual([
      { kind: 'refused', id: id ?? undefined, reason: expect.objectContaining({ code: 400, message: reason }) },
    ]);
  });
});
