import type { Body, Headers } from '@parley/core/transport';
import { type BufferPool, bufferBytes } from './buffer-pool.ts';
import { putText, putUint16, putUint32 } from './bytes.ts';
import { prefixBytes } from './frame.ts';
import { FrameError } from './frame-error.ts';
import type { TextBytes } from './text-bytes.ts';

/** Bodies that may take more bytes than this get memory of their own instead of a copy through the small buffer. */
const inlineBytes = 24_576;
const none = Buffer.alloc(0);

/** What the writers of one side share. */
export interface WriterMeans {
  readonly pool: BufferPool;
  readonly names: TextBytes;
}

/**
 * Bytes in the order in which they were written: the fields of small frames one behind the other in a buffer, so that
 * they leave with one write, and large bodies between such buffers.
 */
export class ByteQueue {
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

  /** Makes room for a head of up to `head` bytes, and for the body if it is small; writes the prefix. Returns where. */
  protected begin(kind: number, flags: number, id: number | string, head: number, body: Body): number {
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
  protected finish(start: number, body: Body): void {
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

  protected uint16(value: number): void {
    putUint16(this.#buffer, this.#end, value);
    this.#end += 2;
  }

  protected uint32(value: number): void {
    putUint32(this.#buffer, this.#end, value);
    this.#end += 4;
  }

  protected string(text: string): void {
    const length = putText(this.#buffer, this.#end + 2, text);
    putUint16(this.#buffer, this.#end, length);
    this.#end += 2 + length;
  }

  /** A string that is likely to be sent again. */
  protected name(text: string): void {
    const field = this.#names.of(text);
    if (field === undefined) return this.string(text);
    const buffer = this.#buffer;
    const at = this.#end;
    // Faster than `set` for the few bytes that a name has.
    for (let index = 0; index < field.length; index += 1) buffer[at + index] = field[index] as number;
    this.#end = at + field.length;
  }

  protected headers(headers: Headers): void {
    const start = this.#end;
    this.#end += 2;
    for (const name in headers) {
      this.name(name);
      this.string(headers[name] as string);
    }
    putUint16(this.#buffer, start, this.#end - start - 2);
  }
}

/** A UTF-16 unit takes at most 3 bytes. */
function bodyBound(body: Body): number {
  if (body === undefined) return 0;
  return typeof body === 'string' ? 3 * body.length : body.byteLength;
}
