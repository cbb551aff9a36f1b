import { type Body, RpcCode } from '@parley/core/transport';
import { getUint16, getUint32 } from './bytes.ts';
import { Flag } from './frame.ts';
import { FrameError } from './frame-error.ts';
import type { StringCache } from './string-cache.ts';
import { readUtf8 } from './utf8.ts';

const nothing = Buffer.alloc(0);

/** Reads the fields of a frame, one after the other, and never beyond its end. Every method throws FrameError. */
export class FieldReader {
  /** Where the next field begins. */
  protected at = 0;
  /** Where the frame ends. */
  protected end = 0;
  #buffer: Buffer = nothing;
  readonly #strings: StringCache;
  readonly #maxBody: number;

  /** @param maxBody bytes; a longer body is refused with 413. */
  constructor(strings: StringCache, maxBody: number) {
    this.#strings = strings;
    this.#maxBody = maxBody;
  }

  /** Lets go of the chunk that was read last. */
  release(): void {
    this.#buffer = nothing;
  }

  protected open(buffer: Buffer, at: number, end: number): void {
    this.#buffer = buffer;
    this.at = at;
    this.end = end;
  }

  /** All the rest. */
  protected body(flags: number): Body {
    const start = this.at;
    const end = this.end;
    this.at = end;
    const length = end - start;
    switch (flags & (Flag.text | Flag.bytes)) {
      case 0:
        if (length > 0) this.at = start; // Bytes too many.
        return undefined;
      case Flag.text: {
        if (length > this.#maxBody) throw tooLarge(length, this.#maxBody);
        const text = readUtf8(this.#buffer, start, end);
        if (text === undefined) throw new FrameError('a text body that is not UTF-8');
        return text;
      }
      case Flag.bytes:
        if (length > this.#maxBody) throw tooLarge(length, this.#maxBody);
        return bytesOf(this.#buffer, start, length);
      default:
        throw new FrameError('a body that is both text and bytes');
    }
  }

  /** A string that is likely to come again. */
  protected name(): string {
    const end = this.field();
    const text = this.#strings.read(this.#buffer, this.at, end);
    this.at = end;
    return text ?? notUtf8();
  }

  protected text(): string {
    const end = this.field();
    const text = readUtf8(this.#buffer, this.at, end);
    this.at = end;
    return text ?? notUtf8();
  }

  /** The end of a field that says its length in two bytes, and begins here then. */
  protected field(): number {
    const length = this.uint16();
    const end = this.at + length;
    if (end > this.end)
      throw new FrameError(`a field of ${length} bytes in a frame that has ${this.end - this.at} left`);
    return end;
  }

  protected uint16(): number {
    this.#need(2);
    const value = getUint16(this.#buffer, this.at);
    this.at += 2;
    return value;
  }

  protected uint32(): number {
    this.#need(4);
    const value = getUint32(this.#buffer, this.at);
    this.at += 4;
    return value;
  }

  protected total(): number {
    const total = this.uint32() * 2 ** 32 + this.uint32();
    if (total > Number.MAX_SAFE_INTEGER) throw new FrameError('a credit of more than 2^53 - 1');
    return total;
  }

  #need(bytes: number): void {
    if (this.end - this.at < bytes) throw new FrameError(`a frame that ends ${bytes - this.end + this.at} bytes early`);
  }
}

/**
 * Shared with the chunk, unless the body is a small part of it: somebody who keeps 16 bytes should not keep 64 KiB.
 * A plain Uint8Array, as it was sent: a Buffer's `slice` means something else.
 */
function bytesOf(buffer: Buffer, start: number, length: number): Uint8Array {
  const shared = new Uint8Array(buffer.buffer, buffer.byteOffset + start, length);
  return 4 * length < buffer.buffer.byteLength ? shared.slice() : shared;
}

function notUtf8(): never {
  throw new FrameError('a string that is not UTF-8');
}

function tooLarge(length: number, limit: number): FrameError {
  return new FrameError(`a body of ${length} bytes, and the limit is ${limit}`, RpcCode.PayloadTooLarge);
}
