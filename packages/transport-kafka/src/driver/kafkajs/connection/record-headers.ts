import kafkajs from 'kafkajs';
import type { DriverRecord } from '../../driver.ts';

/** Numbers of Kafka's protocol: https://kafka.apache.org/protocol.html, and for batches the page "Message Format". */
const magic = 2;
const batchHead = 61;
const places = { length: 8, magic: 16, attributes: 21, firstOffset: 0, count: 57, records: 61 };
const codecBits = 0x07;
const controlBit = 0x20;

/** So many headers kafkajs may read itself. */
const few = 8;

type Headers = NonNullable<DriverRecord['headers']>;
/** By offset, those of the records of one partition that have many. */
type HeadersByOffset = Map<string, Headers>;

/** kafkajs's form of what it has decoded. */
interface Decoded {
  readonly responses: readonly { readonly partitions: readonly { readonly messages: Writable<DriverRecord>[] }[] }[];
}
type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * kafkajs copies all headers of a record for each one of them: a record of 58 KB with 10 000 headers, which anybody may write,
 * stops the process for a minute and a half (measured). So records with many are given to it without, and get theirs from here.
 *
 * @param data the response to a Fetch, without its head. What is not as expected is left to kafkajs as it is.
 */
export async function decodeFetch<T>(data: Buffer, version: number, decode: (data: Buffer) => Promise<T>): Promise<T> {
  const found = await withoutManyHeaders(data, version);
  if (found === undefined) return decode(data);
  const decoded = await decode(found.data);
  for (const [topic, { partitions }] of (decoded as Decoded).responses.entries()) {
    for (const [place, { messages }] of partitions.entries()) {
      const headers = found.headers[topic]?.[place];
      if (headers === undefined || headers.size === 0) continue;
      for (const message of messages) message.headers = headers.get(message.offset) ?? message.headers;
    }
  }
  return decoded;
}

interface Found {
  readonly data: Buffer;
  readonly headers: readonly (readonly HeadersByOffset[])[];
}

/** Batches that are compressed come out decompressed, so that this is not done twice. `undefined`: nothing is to be changed. */
async function withoutManyHeaders(data: Buffer, version: number): Promise<Found | undefined> {
  if (version < 4 || version > 11) return undefined;
  const pieces: Buffer[] = [];
  const headers: HeadersByOffset[][] = [];
  const at = new Cursor(data);
  let done = 0;
  at.skip(version >= 7 ? 10 : 4);
  try {
    for (let topics = at.int32(); topics > 0; topics -= 1) {
      const ofTopic: HeadersByOffset[] = [];
      headers.push(ofTopic);
      at.skip(at.int16());
      for (let partitions = at.int32(); partitions > 0; partitions -= 1) {
        at.skip(version >= 5 ? 30 : 22);
        at.skip(Math.max(at.int32(), 0) * 16);
        if (version >= 11) at.skip(4);
        const sizeAt = at.position;
        const size = Math.max(at.int32(), 0);
        const set = data.subarray(at.position, at.position + size);
        at.skip(size);
        const ofPartition: HeadersByOffset = new Map();
        ofTopic.push(ofPartition);
        const plain = await plainBatches(set, ofPartition);
        if (plain === undefined) continue;
        const plainSize = Buffer.alloc(4);
        plainSize.writeInt32BE(plain.reduce((sum, { length }) => sum + length, 0));
        pieces.push(data.subarray(done, sizeAt), plainSize, ...plain);
        done = at.position;
      }
    }
  } catch {
    // A codec that is missing, or bytes that are no batch: kafkajs tells what is wrong.
    return undefined;
  }
  if (pieces.length > 0) return { data: Buffer.concat([...pieces, data.subarray(done)]), headers };
  return headers.some((topic) => topic.some(({ size }) => size > 0)) ? { data, headers } : undefined;
}

/** The batches of one partition, or `undefined` if none was compressed; takes away headers in place. */
async function plainBatches(set: Buffer, headers: HeadersByOffset): Promise<Buffer[] | undefined> {
  const batches: Buffer[] = [];
  let wasCompressed = false;
  let begin = 0;
  while (begin + batchHead <= set.length && set[begin + places.magic] === magic) {
    const end = begin + 12 + set.readInt32BE(begin + places.length);
    // The last one may be cut off.
    if (end > set.length) break;
    const batch = set.subarray(begin, end);
    const plain = await decompressed(batch);
    if (plain !== batch) wasCompressed = true;
    takeHeaders(plain, headers);
    batches.push(plain);
    begin = end;
  }
  return wasCompressed ? [...batches, set.subarray(begin)] : undefined;
}

interface Codec {
  decompress(data: Buffer): Promise<Buffer>;
}

async function decompressed(batch: Buffer): Promise<Buffer> {
  const attributes = batch.readInt16BE(places.attributes);
  const type = attributes & codecBits;
  if (type === 0 || (attributes & controlBit) !== 0 || batch.length === batchHead) return batch;
  const codec = (kafkajs.CompressionCodecs as unknown as Record<number, () => Codec>)[type]?.();
  if (codec === undefined) return batch;
  const plain = Buffer.concat([batch.subarray(0, batchHead), await codec.decompress(batch.subarray(places.records))]);
  plain.writeInt16BE(attributes & ~codecBits, places.attributes);
  plain.writeInt32BE(plain.length - 12, places.length);
  return plain;
}

/** Of records with many: into `headers`, and out of the batch, by writing that there are none. */
function takeHeaders(batch: Buffer, headers: HeadersByOffset): void {
  const at = new Cursor(batch);
  at.skip(places.count);
  for (let count = at.int32(); count > 0 && at.position < batch.length; count -= 1) {
    const length = at.varint();
    const end = at.position + length;
    at.skip(1);
    at.varint();
    const offset = at.varint();
    at.skip(Math.max(at.varint(), 0));
    at.skip(Math.max(at.varint(), 0));
    const countAt = at.position;
    const many = at.varint();
    if (many > few && end <= batch.length) {
      const first = batch.readBigInt64BE(places.firstOffset);
      const bytes = at.position - countAt;
      headers.set(String(first + BigInt(offset)), readHeaders(at, many, end));
      // A zero of as many bytes: that it could be shorter nobody minds.
      batch.fill(0x80, countAt, countAt + bytes - 1).writeUInt8(0, countAt + bytes - 1);
    }
    at.position = end;
  }
}

/** As kafkajs has them: several with one name as an array. */
function readHeaders(at: Cursor, count: number, end: number): Headers {
  const headers: Record<string, Buffer | Buffer[]> = Object.create(null) as Record<string, Buffer | Buffer[]>;
  for (let left = count; left > 0 && at.position < end; left -= 1) {
    const name = at.bytes(at.varint()).toString();
    const value = at.bytes(at.varint());
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return headers;
}

/** Reads on and on. @throws RangeError behind the end. */
class Cursor {
  position = 0;
  readonly #buffer: Buffer;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  skip(bytes: number): void {
    this.position += bytes;
  }

  int16(): number {
    this.position += 2;
    return this.#buffer.readInt16BE(this.position - 2);
  }

  int32(): number {
    this.position += 4;
    return this.#buffer.readInt32BE(this.position - 4);
  }

  /** None for a length of -1, which stands for null. */
  bytes(length: number): Buffer {
    const begin = this.position;
    this.position += Math.max(length, 0);
    return this.#buffer.subarray(begin, this.position);
  }

  /** Zigzag, up to 64 bits, of which the lower 32 are right. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#buffer.readUInt8(this.position);
      this.position += 1;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new RangeError('no varint');
  }
}
