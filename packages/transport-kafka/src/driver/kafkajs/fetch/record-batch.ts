import kafkajs from 'kafkajs';
import type { DriverRecord } from '../../driver.ts';
import { ByteReader } from '../bytes/byte-reader.ts';

/** Numbers of Kafka's message format: https://kafka.apache.org/documentation/#messageformat */
const magic = 2;
/** Before what a batch's length counts, and the least that this is. */
const lengthEnd = 12;
const least = 49;
const magicAt = 16;
const bits = { codec: 0x07, appendTime: 0x08, transactional: 0x10, control: 0x20 };
const timestampTypes = { create: 0, append: 1 };

/** kafkajs's form of a record. */
export interface FetchedRecord extends DriverRecord {
  readonly magicByte: number;
  readonly attributes: number;
  readonly isControlRecord: boolean;
  /** What it takes to find the records of transactions that were aborted. */
  readonly batchContext: object;
}

/** Formats before Kafka 0.11 have no batches. */
export function isKnownFormat(set: Buffer): boolean {
  return set.length <= magicAt || set[magicAt] === magic;
}

/** All whole batches in what a Fetch brought of one partition; the last one may be cut off. @throws for what is no batch. */
export async function readBatches(set: Buffer): Promise<FetchedRecord[]> {
  const records: FetchedRecord[] = [];
  for (let begin = 0; begin + lengthEnd <= set.length; ) {
    const length = set.readInt32BE(begin + 8);
    if (length < least) throw new RangeError('no batch');
    const end = begin + lengthEnd + length;
    if (end > set.length) break;
    const decompressing = readBatch(set.subarray(begin, end), records);
    if (decompressing !== undefined) await decompressing;
    begin = end;
  }
  return records;
}

/** A promise only when it is compressed. */
function readBatch(batch: Buffer, records: FetchedRecord[]): Promise<void> | undefined {
  const from = new ByteReader(batch);
  const firstOffset = from.int64();
  from.skip(4);
  const partitionLeaderEpoch = from.int32();
  const magicByte = from.int8();
  if (magicByte !== magic) throw new RangeError('another format behind the first batch');
  // The checksum: TCP has its own, and so has the broker's disk.
  from.skip(4);
  const attributes = from.int16();
  const lastOffsetDelta = from.int32();
  const firstTimestamp = from.int64();
  const maxTimestamp = from.int64();
  const batchContext = {
    firstOffset: String(firstOffset),
    firstTimestamp: String(firstTimestamp),
    partitionLeaderEpoch,
    inTransaction: (attributes & bits.transactional) !== 0,
    isControlBatch: (attributes & bits.control) !== 0,
    lastOffsetDelta,
    producerId: String(from.bigint64()),
    producerEpoch: from.int16(),
    firstSequence: from.int32(),
    maxTimestamp: String(maxTimestamp),
    timestampType: (attributes & bits.appendTime) === 0 ? timestampTypes.create : timestampTypes.append,
    magicByte,
  };
  const count = from.int32();
  const read = (plain: ByteReader): void => {
    for (let left = count; left > 0; left -= 1)
      records.push(readRecord(plain, firstOffset, firstTimestamp, batchContext));
  };
  const codec = codecOf(attributes);
  if (codec === undefined || count <= 0) {
    read(from);
    return undefined;
  }
  return codec.decompress(from.raw(from.left)).then((plain) => read(new ByteReader(plain)));
}

interface BatchContext {
  readonly isControlBatch: boolean;
  readonly magicByte: number;
  readonly maxTimestamp: string;
  readonly timestampType: number;
}

function readRecord(
  from: ByteReader,
  firstOffset: number,
  firstTimestamp: number,
  batchContext: BatchContext,
): FetchedRecord {
  const length = from.varint();
  const end = from.at + length;
  const attributes = from.int8();
  const { timestampType, maxTimestamp, magicByte, isControlBatch } = batchContext;
  const timestampDelta = from.varint();
  const timestamp = timestampType === timestampTypes.append ? maxTimestamp : String(firstTimestamp + timestampDelta);
  const offset = String(firstOffset + from.varint());
  const key = readBytes(from);
  const value = readBytes(from);
  const headers = readHeaders(from, from.varint());
  if (from.at > end) throw new RangeError('a record longer than it says');
  from.at = end;
  return {
    magicByte,
    attributes,
    timestamp,
    offset,
    key,
    value,
    headers,
    isControlRecord: isControlBatch,
    batchContext,
  };
}

function readBytes(from: ByteReader): Buffer | null {
  const size = from.varint();
  return size === -1 ? null : from.raw(size);
}

type HeaderValue = Buffer | null;

/** Inherits nothing, so that any name will do; V8 keeps what `Object.create(null)` makes in a slower form. */
class Headers {
  [name: string]: HeaderValue | HeaderValue[];
}
Object.setPrototypeOf(Headers.prototype, null);
delete (Headers.prototype as Partial<Headers>)['constructor'];

/** Of the last header: mostly all records of a topic have the same, and to make a property's name takes longer than all else. */
let lastName = '';

/**
 * As kafkajs has them: several with one name as an array. It copies all headers of a record for each one of them: a record of
 * 58 KB with 10 000 headers, which anybody may write, stops the process for a minute and a half (measured).
 */
function readHeaders(from: ByteReader, count: number): DriverRecord['headers'] {
  const headers = new Headers();
  for (let left = count; left > 0; left -= 1) {
    const name = from.text(from.varint(), lastName);
    lastName = name;
    const value = readBytes(from);
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return headers as DriverRecord['headers'];
}

interface Codec {
  decompress(data: Buffer): Promise<Buffer>;
}

/** `undefined` for what is not compressed. @throws kafkajs's own error for a codec that is not there. */
function codecOf(attributes: number): Codec | undefined {
  const type = attributes & bits.codec;
  if (type === 0) return undefined;
  const codec = (kafkajs.CompressionCodecs as unknown as Record<number, () => Codec>)[type]?.();
  if (codec === undefined) throw new RangeError(`no compression ${type}`);
  return codec;
}
