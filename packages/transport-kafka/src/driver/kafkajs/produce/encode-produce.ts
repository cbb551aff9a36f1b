import type { DriverMessage } from '../../driver.ts';
import { ByteWriter, sizeOfVarint } from '../bytes/byte-writer.ts';
import { crc32c } from './crc32c.ts';

/** What kafkajs's Produce is asked with. */
export interface ProduceOptions {
  readonly acks: number;
  readonly timeout: number;
  /** kafkajs's number of the codec; 0 is none. */
  readonly compression?: number | undefined;
  readonly transactionalId?: string | null | undefined;
  /** Of an idempotent producer. */
  readonly producerId?: unknown;
  readonly producerEpoch?: number | undefined;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number | undefined;
      readonly messages: readonly DriverMessage[];
    }[];
  }[];
}

/** Versions of Produce that have this form; older ones have no record batches, later ones compact fields. */
const versions = { from: 3, to: 8 };
const magic = 2;

/** Whether {@link encodeProduce} writes it; what is compressed or part of a transaction kafkajs does. */
export function isPlainProduce({ compression = 0, transactionalId }: ProduceOptions, version: unknown): boolean {
  const isKnown = typeof version === 'number' && version >= versions.from && version <= versions.to;
  return isKnown && compression === 0 && (transactionalId ?? undefined) === undefined;
}

/**
 * The body of a Produce request, to the byte as kafkajs writes it, which takes 4.7 µs for a record of 100 bytes [measured, 64 at once]:
 * it makes a Buffer for each number, and one of 512 bytes for each record.
 */
export function encodeProduce(options: ProduceOptions, now: number): Buffer {
  const { acks, timeout, topicData } = options;
  const writer = new ByteWriter();
  // No transaction.
  writer.int16(-1);
  writer.int16(acks);
  writer.int32(timeout);
  writer.int32(topicData.length);
  for (const { topic, partitions } of topicData) {
    writer.string(topic);
    writer.int32(partitions.length);
    for (const { partition, messages, firstSequence = 0 } of partitions) {
      writer.int32(partition);
      writeBatch(writer, messages, { ...options, firstSequence }, now);
    }
  }
  return writer.bytes;
}

interface Origin {
  readonly producerId?: unknown;
  readonly producerEpoch?: number | undefined;
  readonly firstSequence: number;
}

/** Of a record set, with its length: https://kafka.apache.org/documentation/#recordbatch */
function writeBatch(
  writer: ByteWriter,
  messages: readonly DriverMessage[],
  { producerId = -1, producerEpoch = 0, firstSequence }: Origin,
  now: number,
): void {
  const setLength = writer.length;
  writer.int32(0);
  // The base offset, which the broker sets.
  writer.int64(0n);
  const batchLength = writer.length;
  writer.int32(0);
  // The leader's epoch, which the broker sets.
  writer.int32(0);
  writer.int8(magic);
  const checksum = writer.length;
  writer.int32(0);
  // Attributes: none.
  writer.int16(0);
  writer.int32(messages.length - 1);
  writer.int64(BigInt(now));
  writer.int64(BigInt(now));
  writer.int64(BigInt(String(producerId)));
  writer.int16(producerEpoch);
  writer.int32(firstSequence);
  writer.int32(messages.length);
  for (const [index, message] of messages.entries()) writeRecord(writer, message, index);
  writer.putInt32(setLength, writer.length - setLength - 4);
  writer.putInt32(batchLength, writer.length - batchLength - 4);
  writer.putInt32(checksum, crc32c(writer.bytes.subarray(checksum + 4)));
}

type Content = Buffer | string | null | undefined;
interface Header {
  readonly name: string;
  readonly value: Content;
}

const noHeaders: readonly Header[] = [];

function writeRecord(writer: ByteWriter, { key, value, headers }: DriverMessage, index: number): void {
  const list = headers === undefined ? noHeaders : listOf(headers);
  let size = 2 + sizeOfVarint(index) + sizeOfContent(key) + sizeOfContent(value) + sizeOfVarint(list.length);
  for (const header of list) size += sizeOfContent(header.name) + sizeOfContent(header.value);
  writer.varint(size);
  // Attributes: none; and no time after the batch's.
  writer.int16(0);
  writer.varint(index);
  writeContent(writer, key);
  writeContent(writer, value);
  writer.varint(list.length);
  for (const header of list) {
    writeContent(writer, header.name);
    writeContent(writer, header.value);
  }
}

function listOf(headers: NonNullable<DriverMessage['headers']>): readonly Header[] {
  const list: Header[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (Array.isArray(value)) for (const one of value) list.push({ name, value: one });
    else list.push({ name, value });
  }
  return list;
}

function sizeOfContent(content: Content): number {
  if (content === undefined || content === null) return sizeOfVarint(-1);
  const size = typeof content === 'string' ? Buffer.byteLength(content) : content.length;
  return sizeOfVarint(size) + size;
}

function writeContent(writer: ByteWriter, content: Content): void {
  if (content === undefined || content === null) {
    writer.varint(-1);
  } else if (typeof content === 'string') {
    const size = Buffer.byteLength(content);
    writer.varint(size);
    writer.text(content, size);
  } else {
    writer.varint(content.length);
    writer.raw(content);
  }
}
