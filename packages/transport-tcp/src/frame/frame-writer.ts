import {
  type Body,
  type Event as EventEnvelope,
  type Headers,
  type Reply,
  type Request,
  utf8Length,
} from '@parley/core/transport';
import { type BufferPool, bufferBytes } from './buffer-pool.ts';
import { putText, putUint16, putUint32 } from './bytes.ts';
import { Flag, type Frame, type GoAway, type Hello, Kind, magic, maxHeadBytes, prefixBytes } from './frame.ts';
import { FrameError } from './frame-error.ts';
import type { TextBytes } from './text-bytes.ts';

/** Bodies that may take more bytes than this get memory of their own instead of a copy through the small buffer. */
const inlineBytes = 24_576;
/** The prefix, and the fixed fields and field lengths of the kind that has most of them. */
const fixedBytes = prefixBytes + 4 + 4 + 2 + 2 + 2 + 2;
const maxUint32 = 0xffff_ffff;
const none = Buffer.alloc(0);

/** What the writers of one side share. */
export interface WriterMeans {
  readonly pool: BufferPool;
  readonly names: TextBytes;
}

/**
 * Frames to bytes: small ones one behind the other in a buffer, so that they leave with one write. What was written
 * is taken out in order with {@link shift}. No I/O.
 */
export class FrameWriter {
  readonly #pool: BufferPool;
  readonly #names: TextBytes;
  #buffer: Buffer = none;
  /** What lies in the buffer from `#start` to `#end` comes after all of `#chunks`. */
  #start = 0;
  #end = 0;
  #chunks: Buffer[] = [];
  /** Buffers that were taken out whole, until it is known that the kernel has copied them. */
  #lent: Buffer[] = [];
  #size = 0;

  constructor({ pool, names }: WriterMeans) {
    this.#pool = pool;
    this.#names = names;
  }

  /** Bytes written and not taken out. */
  get size(): number {
    return this.#size;
  }

  /** Whether all there is can be taken out at once. */
  get whole(): boolean {
    return this.#chunks.length === 0;
  }

  /**
   * Writes one frame; nothing of it stays when it throws. Bodies are copied: they may change afterwards.
   *
   * @throws FrameError 400 when the id is no u32, or pattern, key, content type and headers are over 64 KiB.
   */
  write(frame: Frame): void {
    switch (frame.kind) {
      case 'request':
        return this.#request(frame);
      case 'reply':
        return this.#reply(frame);
      case 'event':
        return this.#event(frame);
      case 'error': {
        const start = this.#begin(Kind.error, bodyFlag(frame.body), frame.id, fixedBytes, frame.body);
        return this.#finish(start, frame.body);
      }
      case 'complete':
        return this.#bare(Kind.complete, frame.id);
      case 'cancel':
        return this.#bare(Kind.cancel, frame.id);
      case 'credit': {
        const start = this.#begin(Kind.credit, 0, frame.id, fixedBytes, undefined);
        const total = Math.min(frame.total, Number.MAX_SAFE_INTEGER);
        this.#uint32(Math.floor(total / 2 ** 32));
        this.#uint32(total % 2 ** 32);
        return this.#finish(start, undefined);
      }
      case 'defer': {
        const start = this.#begin(Kind.defer, 0, frame.id, fixedBytes, undefined);
        this.#uint32(wholeTime(frame.timeout));
        return this.#finish(start, undefined);
      }
      case 'hello':
        return this.#hello(frame);
      case 'goAway':
        return this.#goAway(frame);
      case 'ping':
        return this.#bare(Kind.ping, 0);
      case 'pong':
        return this.#bare(Kind.pong, 0);
    }
  }

  /** The next bytes, at most `max` of them; `undefined` when there are none. */
  shift(max: number = Number.POSITIVE_INFINITY): Buffer | undefined {
    const chunk = this.#chunks[0];
    if (chunk === undefined) {
      if (this.#start === this.#end) return undefined;
      const region = this.#buffer.subarray(this.#start, this.#end);
      this.#start = this.#end;
      this.#size -= region.length;
      return region;
    }
    if (chunk.length > max) {
      this.#chunks[0] = chunk.subarray(max);
      this.#size -= max;
      return chunk.subarray(0, max);
    }
    this.#chunks.shift();
    this.#size -= chunk.length;
    return chunk;
  }

  /** Everything was taken out. `copied`: and nobody reads it any more, so that the memory can be used again. */
  settle(copied: boolean): void {
    if (this.#size > 0 || this.#buffer === none) return;
    if (copied) this.#pool.give(this.#buffer);
    else this.#lent.push(this.#buffer);
    this.#buffer = none;
    this.#start = this.#end = 0;
  }

  /** Nobody reads any more what was taken out. */
  reclaim(): void {
    for (const buffer of this.#lent) this.#pool.give(buffer);
    this.#lent = [];
  }

  #request(frame: Request): void {
    const { id, pattern, contentType, headers, body, credit } = frame;
    let flags = bodyFlag(body);
    let bound = fixedBytes + 3 * pattern.length;
    if (contentType !== undefined) {
      flags |= Flag.contentType;
      bound += 3 * contentType.length;
    }
    if (headers !== undefined) {
      flags |= Flag.headers;
      bound += headersBound(headers);
    }
    if (credit !== 0) flags |= Flag.credit;
    const start = this.#begin(Kind.request, flags, id, bound > maxHeadBytes ? exactHead(frame) : bound, body);
    this.#uint32(wholeTime(frame.timeout));
    if (credit !== 0) this.#uint32(Math.min(credit, maxUint32));
    this.#name(pattern);
    if (contentType !== undefined) this.#name(contentType);
    if (headers !== undefined) this.#headers(headers);
    this.#finish(start, body);
  }

  #event(frame: EventEnvelope): void {
    const { pattern, key, contentType, headers, body } = frame;
    let flags = bodyFlag(body);
    let bound = fixedBytes + 3 * pattern.length;
    if (key !== undefined) {
      flags |= Flag.key;
      bound += 3 * key.length;
    }
    if (contentType !== undefined) {
      flags |= Flag.contentType;
      bound += 3 * contentType.length;
    }
    if (headers !== undefined) {
      flags |= Flag.headers;
      bound += headersBound(headers);
    }
    const start = this.#begin(Kind.event, flags, 0, bound > maxHeadBytes ? exactHead(frame) : bound, body);
    this.#name(pattern);
    if (key !== undefined) this.#string(key);
    if (contentType !== undefined) this.#name(contentType);
    if (headers !== undefined) this.#headers(headers);
    this.#finish(start, body);
  }

  #reply(frame: Reply): void {
    const { contentType, body } = frame;
    let flags = bodyFlag(body) | (frame.last ? Flag.last : 0);
    let bound = fixedBytes;
    if (contentType !== undefined) {
      flags |= Flag.contentType;
      bound += 3 * contentType.length;
    }
    const start = this.#begin(Kind.reply, flags, frame.id, bound > maxHeadBytes ? exactHead(frame) : bound, body);
    if (contentType !== undefined) this.#name(contentType);
    this.#finish(start, body);
  }

  #hello(frame: Hello): void {
    const start = this.#begin(Kind.hello, 0, 0, fixedBytes + 3 * frame.name.length, undefined);
    this.#uint32(magic);
    this.#uint16((frame.major << 8) | frame.minor);
    this.#uint32(frame.maxBody);
    this.#string(frame.name);
    this.#finish(start, undefined);
  }

  #goAway(frame: GoAway): void {
    const flags = frame.phase === 'now' ? Flag.now : frame.phase === 'done' ? Flag.done : 0;
    const start = this.#begin(Kind.goAway, flags, 0, fixedBytes + 3 * frame.reason.length, undefined);
    this.#uint16(frame.code);
    this.#string(frame.reason);
    this.#finish(start, undefined);
  }

  #bare(kind: number, id: number | string): void {
    this.#finish(this.#begin(kind, 0, id, prefixBytes, undefined), undefined);
  }

  /** Makes room for a head of up to `head` bytes, and for the body if it is small; writes the prefix. Returns where. */
  #begin(kind: number, flags: number, id: number | string, head: number, body: Body): number {
    if (typeof id !== 'number' || id >>> 0 !== id) throw new FrameError(`${String(id)} is no u32, as ids must be`);
    const bound = bodyBound(body);
    const needed = bound > inlineBytes ? head : head + bound;
    if (this.#buffer.length - this.#end < needed) this.#renew(needed);
    const buffer = this.#buffer;
    const start = this.#end;
    buffer[start + 4] = kind;
    buffer[start + 5] = flags;
    putUint32(buffer, start + 6, id);
    this.#end = start + prefixBytes;
    return start;
  }

  /** Writes the body and then, at `start`, how long it all is. */
  #finish(start: number, body: Body): void {
    let apart: Buffer | undefined;
    if (typeof body === 'string') {
      if (3 * body.length > inlineBytes) apart = Buffer.from(body, 'utf8');
      else this.#end += putText(this.#buffer, this.#end, body);
    } else if (body !== undefined) {
      if (body.byteLength > inlineBytes) {
        apart = Buffer.from(body);
      } else {
        this.#buffer.set(body, this.#end);
        this.#end += body.byteLength;
      }
    }
    const length = this.#end - start + (apart === undefined ? 0 : apart.length);
    putUint32(this.#buffer, start, length - 4);
    this.#size += length;
    if (apart === undefined) return;
    this.#chunks.push(this.#buffer.subarray(this.#start, this.#end), apart);
    this.#start = this.#end;
  }

  #renew(needed: number): void {
    if (this.#start < this.#end) this.#chunks.push(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = needed > bufferBytes ? Buffer.allocUnsafeSlow(needed) : this.#pool.take();
    this.#start = this.#end = 0;
  }

  #uint16(value: number): void {
    putUint16(this.#buffer, this.#end, value);
    this.#end += 2;
  }

  #uint32(value: number): void {
    putUint32(this.#buffer, this.#end, value);
    this.#end += 4;
  }

  #string(text: string): void {
    const length = putText(this.#buffer, this.#end + 2, text);
    putUint16(this.#buffer, this.#end, length);
    this.#end += 2 + length;
  }

  /** A string that is likely to be sent again. */
  #name(text: string): void {
    const field = this.#names.of(text);
    if (field === undefined) return this.#string(text);
    const buffer = this.#buffer;
    const at = this.#end;
    // Faster than `set` for the few bytes that a name has.
    for (let index = 0; index < field.length; index += 1) buffer[at + index] = field[index] as number;
    this.#end = at + field.length;
  }

  #headers(headers: Headers): void {
    const start = this.#end;
    this.#end += 2;
    for (const name in headers) {
      this.#name(name);
      this.#string(headers[name] as string);
    }
    putUint16(this.#buffer, start, this.#end - start - 2);
  }
}

function bodyFlag(body: Body): number {
  if (body === undefined) return 0;
  return typeof body === 'string' ? Flag.text : Flag.bytes;
}

/** A UTF-16 unit takes at most 3 bytes. */
function bodyBound(body: Body): number {
  if (body === undefined) return 0;
  return typeof body === 'string' ? 3 * body.length : body.byteLength;
}

function headersBound(headers: Headers): number {
  let bound = 2;
  for (const name in headers) bound += 4 + 3 * (name.length + (headers[name] as string).length);
  return bound;
}

/** Milliseconds as a u32: no time at all must not become 0, which is no limit. */
function wholeTime(timeout: number): number {
  if (timeout === 0) return 0;
  return Math.min(Math.max(1, Math.ceil(timeout)), maxUint32);
}

/** For the head that might be too long: counted, and refused if it is. */
function exactHead(frame: Request | EventEnvelope | Reply): number {
  const { pattern = '', key = '', contentType = '', headers = {} } = frame as Partial<EventEnvelope>;
  let bytes = fixedBytes + utf8Length(pattern) + utf8Length(key) + utf8Length(contentType);
  for (const name in headers) bytes += 4 + utf8Length(name) + utf8Length(headers[name] as string);
  if (bytes <= maxHeadBytes) return bytes;
  throw new FrameError(`pattern, key, content type and headers take ${bytes} bytes, and the limit is ${maxHeadBytes}`);
}
