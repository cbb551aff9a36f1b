import { crc32c } from './crc32c.ts';
import { batchField, beforeLength } from './kafka-format.ts';
import type { RawText } from './raw-text.ts';

/** Text below that is given three bytes for each character, and its own bytes are not counted before it is written. */
const short = 16_384;
/** Of a record, beside key and text. */
const overhead = 16;
/** Brokers take 1 048 588 bytes for a batch by default. */
const maxBytes = 1_000_000;

/** The body of a Produce (version 7), in which each record is written as soon as it comes. It is used again and again. */
export class Batch {
  #bytes = Buffer.allocUnsafeSlow(16_384);
  #end: number;
  #count = 0;
  /** Where the batch begins: behind what names the topic. */
  readonly #start: number;
  #taken = Promise.withResolvers<void>();

  constructor(topic: string, acks: number) {
    const head = headOf(topic, acks);
    this.#start = head.length;
    this.#end = this.#start + batchField.records;
    this.#bytes.fill(0, 0, this.#end);
    head.copy(this.#bytes);
    this.#bytes[this.#start + batchField.magic] = 2;
    // There is none, so that nobody counts.
    this.#bytes.fill(0xff, this.#start + batchField.producer, this.#start + batchField.count);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Resolves when Kafka has it. */
  get taken(): Promise<void> {
    return this.#taken.promise;
  }

  /** @returns whether there was room. */
  add(key: string, text: string): boolean {
    const needed = overhead + key.length + (text.length < short ? 3 * text.length : Buffer.byteLength(text));
    if (this.#end + needed > maxBytes && !this.isEmpty) return false;
    if (this.#end + needed > this.#bytes.length) this.#grow(needed);
    const bytes = this.#bytes;
    const start = this.#end;
    // No attributes, and no time after the batch's.
    bytes[start + 3] = 0;
    bytes[start + 4] = 0;
    putVarint(bytes, start + 5, this.#count);
    let at = start + 9;
    // One byte, since keys are short; 1 is the length -1, which is that of none.
    bytes[at - 1] = key === '' ? 1 : 2 * key.length;
    for (let index = 0; index < key.length; index += 1) bytes[at++] = key.charCodeAt(index);
    const size = (bytes as unknown as RawText).utf8Write(text, at + 3);
    putVarint(bytes, at, size);
    at += 3 + size;
    // No headers.
    bytes[at] = 0;
    this.#end = at + 1;
    putVarint(bytes, start, this.#end - start - 3);
    this.#count += 1;
    return true;
  }

  /** What is sent. Not to be changed until it was. */
  close(): Buffer {
    const { length, lastOffsetDelta, firstTimestamp, maxTimestamp, count, checksum, attributes } = batchField;
    const bytes = this.#bytes;
    const start = this.#start;
    const size = this.#end - start;
    const now = BigInt(Date.now());
    bytes.writeInt32BE(size, start - 4);
    bytes.writeInt32BE(size - beforeLength, start + length);
    bytes.writeInt32BE(this.#count - 1, start + lastOffsetDelta);
    bytes.writeBigInt64BE(now, start + firstTimestamp);
    bytes.writeBigInt64BE(now, start + maxTimestamp);
    bytes.writeInt32BE(this.#count, start + count);
    bytes.writeInt32BE(crc32c(bytes, start + attributes, this.#end), start + checksum);
    return bytes.subarray(0, this.#end);
  }

  /** Kafka has it: begins anew. */
  settle(): void {
    this.#taken.resolve();
    this.#taken = Promise.withResolvers();
    this.#end = this.#start + batchField.records;
    this.#count = 0;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#end + needed));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** In three bytes, whether it needs them or not, so that what it tells can be written first. From 0 to 2^20. */
function putVarint(bytes: Buffer, at: number, value: number): void {
  bytes[at] = (value << 1) | 0x80;
  bytes[at + 1] = (value >>> 6) | 0x80;
  bytes[at + 2] = value >>> 13;
}

/** All before the record batch: no transaction, acks, 30 s, one topic, one partition, the first, and four bytes for its size. */
function headOf(topic: string, acks: number): Buffer {
  const head = Buffer.alloc(26 + topic.length);
  head.writeInt16BE(-1, 0);
  head.writeInt16BE(acks, 2);
  head.writeInt32BE(30_000, 4);
  head.writeInt32BE(1, 8);
  head.writeInt16BE(topic.length, 12);
  head.write(topic, 14);
  head.writeInt32BE(1, 14 + topic.length);
  return head;
}
