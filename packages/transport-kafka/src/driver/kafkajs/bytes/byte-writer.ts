/** Writes Kafka's types one behind the other: https://kafka.apache.org/protocol.html#protocol_types */
export class ByteWriter {
  #bytes: Buffer;
  #end = 0;

  /** @param size in bytes, for a start. */
  constructor(size = 4096) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#end;
  }

  /** What was written; shares its memory with what is written here later. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  int8(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
  }

  int16(value: number): void {
    const at = this.#room(2);
    this.#bytes.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#room(4);
    this.#bytes.writeInt32BE(value, at);
  }

  int64(value: bigint): void {
    const at = this.#room(8);
    this.#bytes.writeBigInt64BE(value, at);
  }

  /** In the zigzag form, of at most 32 bits. */
  varint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 0x7f) {
      this.int8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.int8(rest);
  }

  /** With its size before it. */
  string(text: string): void {
    const size = Buffer.byteLength(text);
    this.int16(size);
    this.text(text, size);
  }

  /** @param size how many bytes the text has. */
  text(text: string, size: number): void {
    const at = this.#room(size);
    this.#bytes.write(text, at, size, 'utf8');
  }

  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** What was not known when its place was written. */
  putInt32(at: number, value: number): void {
    this.#bytes.writeInt32BE(value | 0, at);
  }

  /** @returns where so many bytes are to be written; `#bytes` may be another afterwards. */
  #room(size: number): number {
    const at = this.#end;
    this.#end += size;
    if (this.#end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(this.#end)));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return at;
  }
}

/** How many bytes {@link ByteWriter.varint} takes. */
export function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  // Seven bits in each byte.
  return zigzag === 0 ? 1 : Math.ceil((32 - Math.clz32(zigzag)) / 7);
}
