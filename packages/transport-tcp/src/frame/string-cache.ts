import { readUtf8 } from './utf8.ts';

/** Powers of two. More strings than the most in use at once cost a decoding each, no memory. */
const fewest = 512;
const most = 16_384;
/** Bytes. Longer strings are rarely repeated. */
const longest = 128;

/**
 * Patterns, header names and content types come again and again: found by their bytes, they need not be decoded, and
 * being the same string object, their hash is known where they are looked up. Bounded: 16 384 strings of up to 128 bytes.
 */
export class StringCache {
  #slots = fewest;
  #bytes = noBytes(fewest);
  #texts = new Array<string>(fewest).fill('');
  /** How often a string took another one's place. */
  #evictions = 0;
  /** The slot that was right the last time: most connections call one pattern many times. */
  #last = 0;

  /** `undefined` when the bytes are not UTF-8. */
  read(buffer: Buffer, start: number, end: number): string | undefined {
    const length = end - start;
    if (isSame(this.#bytes[this.#last] as Uint8Array, buffer, start, length)) return this.#texts[this.#last];
    if (length > longest) return readUtf8(buffer, start, end);
    let hash = length;
    for (let index = start; index < end; index += 1) hash = (Math.imul(hash, 31) + (buffer[index] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (this.#slots - 1);
    this.#last = slot;
    if (isSame(this.#bytes[slot] as Uint8Array, buffer, start, length)) return this.#texts[slot];
    const text = readUtf8(buffer, start, end);
    if (text !== undefined) this.#keep(slot, Uint8Array.prototype.slice.call(buffer, start, end), text);
    return text;
  }

  #keep(slot: number, bytes: Uint8Array, text: string): void {
    if (this.#bytes[slot] !== nothing) this.#evictions += 1;
    this.#bytes[slot] = bytes;
    this.#texts[slot] = text;
    if (this.#evictions > this.#slots && this.#slots < most) this.#grow();
  }

  /** What is in use comes again. */
  #grow(): void {
    this.#slots *= 4;
    this.#bytes = noBytes(this.#slots);
    this.#texts = new Array<string>(this.#slots).fill('');
    this.#evictions = 0;
    this.#last = 0;
  }
}

function noBytes(length: number): Uint8Array[] {
  return Array.from<unknown, Uint8Array>({ length }, () => nothing);
}

const nothing = new Uint8Array(0);

function isSame(known: Uint8Array, buffer: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let index = 0; index < length; index += 1) if (known[index] !== buffer[start + index]) return false;
  return true;
}
