import * as fc from 'fast-check';
import { BufferPool } from '../src/frame/buffer-pool.ts';
import type { Frame, Refused } from '../src/frame/frame.ts';
import { FrameDecoder } from '../src/frame/frame-decoder.ts';
import { FrameReader } from '../src/frame/frame-reader.ts';
import { FrameWriter } from '../src/frame/frame-writer.ts';
import { StringCache } from '../src/frame/string-cache.ts';
import { TextBytes } from '../src/frame/text-bytes.ts';

export const maxBody = 1_048_576;

export function newWriter(): FrameWriter {
  return new FrameWriter({ pool: new BufferPool(), names: new TextBytes() });
}

/** The frames as bytes. */
export function encode(...frames: Frame[]): Buffer {
  const writer = newWriter();
  for (const frame of frames) writer.write(frame);
  return Buffer.concat(drain(writer));
}

export function drain(writer: FrameWriter): Buffer[] {
  const chunks: Buffer[] = [];
  for (let chunk = writer.shift(); chunk !== undefined; chunk = writer.shift()) chunks.push(chunk);
  return chunks;
}

/** Reads frames from chunks; `frames` grows. */
export function newReader(limit = maxBody + 65_536): { frames: (Frame | Refused)[]; reader: FrameReader } {
  const frames: (Frame | Refused)[] = [];
  const decoder = new FrameDecoder(new StringCache(), maxBody, undefined);
  const reader = new FrameReader(limit, (buffer, start, end) => {
    frames.push(decoder.decode(buffer, start, end));
    return true;
  });
  return { frames, reader };
}

export function decode(...chunks: Uint8Array[]): (Frame | Refused)[] {
  const { frames, reader } = newReader();
  // Copies, as from a socket: each chunk has memory of its own.
  for (const chunk of chunks) reader.read(Buffer.from(chunk));
  return frames;
}

/** Without what is `undefined`: an envelope may lack such a field, or have it. */
export function plain(frame: Frame | Refused): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(frame)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, name === 'headers' ? { ...(value as object) } : value]),
  );
}

const u32 = fc.nat({ max: 0xffff_ffff });
const text = fc.string({ unit: 'binary', maxLength: 50 });
const body = fc.oneof(
  fc.constant(undefined),
  text,
  fc.uint8Array({ maxLength: 100 }),
  fc.string({ unit: 'binary', minLength: 8000, maxLength: 10_000 }),
  fc.uint8Array({ minLength: 24_000, maxLength: 26_000 }),
);
const optionalText = fc.option(text, { nil: undefined });
const headers = fc.option(
  fc
    .dictionary(fc.stringMatching(/^[a-z][a-z0-9_-]{0,20}$/), text, { minKeys: 1, maxKeys: 5, noNullPrototype: true })
    .filter((record) => !Object.keys(record).some((name) => name.startsWith('parley-'))),
  { nil: undefined },
);
const pattern = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
const message = { pattern, headers, contentType: optionalText, body };
const control = { id: u32, to: fc.constant(undefined), pattern: fc.constant('') };
const is = <Name extends string>(kind: Name): fc.Arbitrary<Name> => fc.constant(kind);

/** Any frame that can be sent. */
export const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ kind: is('request'), id: u32, ...message, timeout: u32, credit: u32 }),
  fc.record({ kind: is('event'), ...message, key: optionalText }),
  fc.record({ kind: is('reply'), id: u32, last: fc.boolean(), contentType: optionalText, body }),
  fc.record({ kind: is('error'), id: u32, body }),
  fc.record({ kind: is('complete'), id: u32 }),
  fc.record({ kind: is('defer'), id: u32, timeout: u32 }),
  fc.record({ kind: is('cancel'), ...control }),
  fc.record({ kind: is('credit'), ...control, total: fc.maxSafeNat() }),
  fc.record({ kind: is('hello'), major: fc.constant(1), minor: fc.nat({ max: 255 }), maxBody: u32, name: text }),
  fc.record({
    kind: is('goAway'),
    phase: fc.constantFrom('leaving' as const, 'done' as const, 'now' as const),
    code: fc.nat({ max: 65_535 }),
    reason: text,
  }),
  fc.constant({ kind: 'ping' as const }),
  fc.constant({ kind: 'pong' as const }),
);
