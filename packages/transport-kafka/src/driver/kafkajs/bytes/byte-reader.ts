/**
 * Reads Kafka's types one behind the other: https://kafka.apache.org/protocol.html#protocol_types. Whatever would reach
 * beyond the end, or has no exact place in a number, is a RangeError.
 */
export class ByteReader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  skip(size: number): void {
    this.at += size;
  }

  int8(): number {
    const at = this.at;
    this.at += 1;
    return this.#bytes.readInt8(at);
  }

  int16(): number {
    const at = this.at;
    this.at += 2;
    return this.#bytes.readInt16BE(at);
  }

  int32(): number {
    const at = this.at;
    this.at += 4;
    return this.#bytes.readInt32BE(at);
  }

  /** Offsets and milliseconds are far below 2^53. */
  int64(): number {
    const high = this.int32();
    const low = this.int32() >>> 0;
    return exact(high * 4_294_967_296 + low);
  }

  /** Of any size: producers' ids. */
  bigint64(): bigint {
    const at = this.at;
    this.at += 8;
    return this.#bytes.readBigInt64BE(at);
  }

  /** In the zigzag form. */
  varint(): number {
    const bytes = this.#bytes;
    const first = bytes[this.at] as number;
    // Lengths and differences are mostly below 64.
    if (first < 0x80) {
      this.at += 1;
      return (first >>> 1) ^ -(first & 1);
    }
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[this.at];
      if (byte === undefined || scale > Number.MAX_SAFE_INTEGER) throw new RangeError('no varint');
      this.at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return exact(value % 2 === 0 ? value / 2 : -(value + 1) / 2);
    }
  }

  /** Shares memory with what is read. */
  raw(size: number): Buffer {
    const begin = this.#pass(size);
    return this.#bytes.subarray(begin, this.at);
  }

  /** @param likely what it probably is: if so, and if it is ASCII, no other string is made. */
  text(size: number, likely = ''): string {
    const begin = this.#pass(size);
    return this.#is(likely, begin, size) ? likely : this.#bytes.toString('utf8', begin, this.at);
  }

  /** @returns where so many bytes begin. */
  #pass(size: number): number {
    const begin = this.at;
    this.at += size;
    if (size < 0 || this.at > this.#bytes.length) throw new RangeError('beyond the end');
    return begin;
  }

  #is(text: string, begin: number, size: number): boolean {
    if (text.length !== size) return false;
    for (let index = 0; index < size; index += 1) {
      const byte = this.#bytes[begin + index] as number;
      if (byte > 0x7f || byte !== text.charCodeAt(index)) return false;
    }
    return true;
  }
}

function exact(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError('too large a number');
  return value;
}
