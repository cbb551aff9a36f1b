import { ByteWriter } from '../bytes/byte-writer.ts';
import { since } from './fetch-versions.ts';

/** What kafkajs's Fetch is asked with. */
export interface FetchOptions {
  readonly replicaId?: number | undefined;
  readonly isolationLevel?: number | undefined;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly rackId?: string | undefined;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly fetchOffset: string | number;
      readonly maxBytes: number;
    }[];
  }[];
}

/** No replica asks. */
const noReplica = -1;
const readCommitted = 1;
const unknown = -1;

/** The body of a Fetch request, to the byte as kafkajs writes it: it makes a Buffer of 512 bytes for each partition. */
export function encodeFetch(options: FetchOptions, version: number): Buffer {
  const { replicaId = noReplica, isolationLevel = readCommitted, rackId = '', topics } = options;
  const writer = new ByteWriter(512);
  writer.int32(replicaId);
  writer.int32(options.maxWaitTime);
  writer.int32(options.minBytes);
  writer.int32(options.maxBytes);
  writer.int8(isolationLevel);
  if (version >= since.session) {
    // None, and its epoch.
    writer.int32(0);
    writer.int32(-1);
  }
  writer.int32(topics.length);
  for (const { topic, partitions } of topics) {
    writer.string(topic);
    writer.int32(partitions.length);
    for (const { partition, fetchOffset, maxBytes } of partitions) {
      writer.int32(partition);
      if (version >= since.leaderEpoch) writer.int32(unknown);
      writer.int64(BigInt(fetchOffset));
      if (version >= since.logStartOffset) writer.int64(BigInt(unknown));
      writer.int32(maxBytes);
    }
  }
  // Topics that the session is to forget.
  if (version >= since.session) writer.int32(0);
  if (version >= since.rack) writer.string(rackId);
  return writer.bytes;
}
