import type { Each } from './kafka-access.ts';
import { batchField, beforeLength, check } from './kafka-format.ts';
import type { Connection, Request } from './kafka-request.ts';
import type { RawText } from './raw-text.ts';

const maxWait = 100;
const maxBytes = 4 * 1024 * 1024;

/** One Fetch (version 11) after the other from partition 0 of a topic. Trusts every byte. */
export class Fetch {
  readonly #connection: Connection;
  readonly #each: Each;
  /** Only the offset is another each time. */
  readonly #body: Buffer;
  readonly #request: Request;
  readonly #offsetAt: number;
  /** Where the response has the partition's error, and its records with their size before them. */
  readonly #errorAt: number;
  readonly #recordsAt: number;
  #position = 0;
  /** While records are read. */
  #at = 0;

  constructor(connection: Connection, topic: string, each: Each) {
    this.#connection = connection;
    this.#each = each;
    this.#body = bodyOf(topic);
    this.#request = {
      apiKey: 1,
      apiVersion: 11,
      apiName: 'Fetch',
      encode: () => ({ buf: this.#body, buffer: this.#body }),
    };
    this.#offsetAt = 43 + topic.length;
    this.#errorAt = 24 + topic.length;
    this.#recordsAt = 62 + topic.length;
  }

  async next(): Promise<void> {
    this.#body.writeBigInt64BE(BigInt(this.#position), this.#offsetAt);
    const response = await this.#connection(this.#request);
    check(response.readInt16BE(this.#errorAt));
    // The last batch may be cut off.
    for (let start = this.#recordsAt; start + batchField.records < response.length; ) {
      const end = start + beforeLength + response.readInt32BE(start + batchField.length);
      if (end > response.length) break;
      this.#readBatch(response, start);
      start = end;
    }
  }

  #readBatch(bytes: Buffer, start: number): void {
    const { baseOffset, lastOffsetDelta, count, records } = batchField;
    const first = Number(bytes.readBigInt64BE(start + baseOffset));
    this.#position = first + bytes.readInt32BE(start + lastOffsetDelta) + 1;
    this.#at = start + records;
    for (let left = bytes.readInt32BE(start + count); left > 0; left -= 1) this.#readRecord(bytes);
  }

  #readRecord(bytes: Buffer): void {
    const size = this.#readVarint(bytes);
    const end = this.#at + size;
    // Attributes, and a time that is the batch's.
    this.#at += 2;
    // Its offset, which follows from those before.
    this.#readVarint(bytes);
    const key = this.#readText(bytes);
    const text = this.#readText(bytes);
    this.#at = end;
    this.#each(key, text);
  }

  #readText(bytes: Buffer): string {
    const size = this.#readVarint(bytes);
    if (size < 0) return '';
    const start = this.#at;
    this.#at += size;
    return (bytes as unknown as RawText).utf8Slice(start, this.#at);
  }

  #readVarint(bytes: Buffer): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[this.#at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
  }
}

/** Of one topic and its first partition, no session, whatever was committed or not. */
function bodyOf(topic: string): Buffer {
  const end = topic.length;
  const body = Buffer.alloc(69 + end);
  // No replica asks.
  body.writeInt32BE(-1, 0);
  body.writeInt32BE(maxWait, 4);
  // As soon as there is one byte.
  body.writeInt32BE(1, 8);
  body.writeInt32BE(maxBytes, 12);
  // The session's epoch: none.
  body.writeInt32BE(-1, 21);
  body.writeInt32BE(1, 25);
  body.writeInt16BE(topic.length, 29);
  body.write(topic, 31);
  body.writeInt32BE(1, 31 + end);
  // The leader's epoch, and where the log of a replica begins: not known.
  body.writeInt32BE(-1, 39 + end);
  body.writeBigInt64BE(-1n, 51 + end);
  body.writeInt32BE(maxBytes, 59 + end);
  return body;
}
