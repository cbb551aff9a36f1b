import { readUtf8 } from './utf8.ts';

/** A power of two. More patterns than this in use at once cost a decoding each, no memory. */
const slots = 512;
/** Bytes. Longer strings are rarely repeated. */
const longest = 128;

/**
 * Patterns, header names and content types come again and again: found by their bytes, they need not be decoded, and
 * being the same string object, their hash is known where they are looked up. Bounded: 512 strings of up to 128 bytes.
 */
export class StringCache {
  readonly #bytes = Array.from<unknown, Uint8Array>({ length: slots }, () => nothing);
  readonly #texts = new Array<string>(slots).fill('');
  /** The slot that was right the last time: most connections call one pattern many times. */
  #last = 0;

  /** `undefined` when the bytes are not UTF-8. */
  read(buffer: Buffer, start: number, end: number): string | undefined {
    const length = end - start;
    if (isSame(this.#bytes[this.#last] as Uint8Array, buffer, start, length)) return this.#texts[this.#last];
    if (length > longest) return readUtf8(buffer, start, end);
    let hash = length;
    for (let index = start; index < end; index += 1) hash = (Math.imul(hash, 31) + (buffer[index] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    this.#last = slot;
    if (isSame(this.#bytes[slot] as Uint8Array, buffer, start, length)) return this.#texts[slot];
    const text = readUtf8(buffer, start, end);
    if (text !== undefined) {
      this.#bytes[slot] = Uint8Array.prototype.slice.call(buffer, start, end);
      this.#texts[slot] = text;
    }
    return text;
  }
}

const nothing = new Uint8Array(0);

function isSame(known: Uint8Array, buffer: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let index = 0; index < length; index += 1) if (known[index] !== buffer[start + index]) return false;
  return true;
}
