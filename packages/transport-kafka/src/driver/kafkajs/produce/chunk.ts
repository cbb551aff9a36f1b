import { type Message, Partitioners } from 'kafkajs';
import type { DriverMessage, TopicMessages } from '../../driver.ts';
import type { KnownPartitions } from '../connection/topology.ts';

/** Messages that go to one partition in one record batch: written together or not at all. */
export interface Chunk {
  readonly topic: string;
  partition: number;
  readonly messages: DriverMessage[];
  bytes: number;
  /** Any partition would do. */
  readonly free: boolean;
  /** Of an idempotent producer: number of its first message in its partition; -1 before it was first sent. */
  sequence: number;
}

/** Brokers take 1 048 588 bytes for a batch by default (message.max.bytes). */
const maxBatchBytes = 900_000;
/** Length, attributes, deltas and lengths of key, value and headers of a record, and a little more. */
const recordOverhead = 32;

/** As Java's clients do: murmur2 of the key modulo the number of partitions. */
const byKey = Partitioners.DefaultPartitioner();

/**
 * Cuts messages of one topic, in their order, into chunks; those without partition and key stay together, in a partition
 * that has a leader. Messages for a partition that does not exist go to `missing`.
 */
export function cutIntoChunks(
  { topic, messages }: TopicMessages,
  known: KnownPartitions,
  missing: DriverMessage[],
): Chunk[] {
  const chunks: Chunk[] = [];
  const open = new Map<number, Chunk>();
  let any: number | undefined;
  for (const message of messages) {
    const free = message.partition === undefined && (message.key === undefined || message.key === null);
    const partition =
      message.partition ?? (free ? (any ??= anyPartition(known)) : partitionOfKey(topic, message, known));
    if (known[partition] === undefined) {
      missing.push(message);
      continue;
    }
    const bytes = bytesOf(message);
    let chunk = open.get(partition);
    if (chunk === undefined || chunk.bytes + bytes > maxBatchBytes || chunk.free !== free) {
      chunk = { topic, partition, messages: [], bytes: 0, free, sequence: -1 };
      open.set(partition, chunk);
      chunks.push(chunk);
    }
    chunk.messages.push(message);
    chunk.bytes += bytes;
  }
  return chunks;
}

/** Two chunks of half as many messages each; the message itself when there is but one. */
export function halve(chunk: Chunk): [Chunk, Chunk] | undefined {
  if (chunk.messages.length < 2) return undefined;
  const middle = Math.ceil(chunk.messages.length / 2);
  const part = (messages: DriverMessage[]): Chunk => {
    let bytes = 0;
    for (const message of messages) bytes += bytesOf(message);
    return { ...chunk, messages, bytes, sequence: -1 };
  };
  return [part(chunk.messages.slice(0, middle)), part(chunk.messages.slice(middle))];
}

/** With a leader, if any has one. */
export function anyPartition(known: KnownPartitions): number {
  const first = Math.floor(Math.random() * known.length);
  for (let step = 0; step < known.length; step++) {
    const partition = (first + step) % known.length;
    if ((known[partition]?.leader ?? -1) >= 0) return partition;
  }
  return first;
}

function partitionOfKey(topic: string, message: DriverMessage, known: KnownPartitions): number {
  // With a key it looks at nothing but how many there are.
  return byKey({ topic, partitionMetadata: known as never, message: message as Message });
}

function bytesOf({ key, value, headers }: DriverMessage): number {
  let bytes = recordOverhead + lengthOf(key) + lengthOf(value);
  if (headers !== undefined) {
    for (const name in headers) {
      const header = headers[name];
      bytes += name.length + 4;
      if (Array.isArray(header)) for (const one of header) bytes += name.length + lengthOf(one);
      else bytes += lengthOf(header);
    }
  }
  return bytes;
}

function lengthOf(value: Buffer | string | null | undefined): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  return value === null || value === undefined ? 0 : value.length;
}

/** A chunk that may go anywhere goes where a leader is; one with a number stays. */
export function rechoose(chunk: Chunk, known: KnownPartitions | undefined): Chunk {
  if (chunk.free && chunk.sequence < 0 && known !== undefined && known.length > 0)
    chunk.partition = anyPartition(known);
  return chunk;
}
