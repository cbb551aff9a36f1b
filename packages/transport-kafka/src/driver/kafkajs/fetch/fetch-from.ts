import type { Broker } from 'kafkajs';
import type { DriverRecord, FetchedRecords, TopicPartition } from '../../driver.ts';

const maxBytes = 4 * 1024 * 1024;
/** kafkajs's `READ_UNCOMMITTED`. */
const readUncommitted = 0;

/** kafkajs's form of the answer to a fetch of one partition. */
interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly messages: readonly (DriverRecord & { readonly isControlRecord?: boolean })[];
    }[];
  }[];
}

/** One fetch, which waits at most so long for records. Of a batch that begins before `position` only what is behind that. */
export async function fetchFrom(
  broker: Broker,
  { topic, partition }: TopicPartition,
  position: number,
  maxWaitTime: number,
): Promise<FetchedRecords> {
  const response = (await broker.fetch({
    maxWaitTime,
    minBytes: 1,
    maxBytes,
    isolationLevel: readUncommitted,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(position), maxBytes }] }],
  })) as FetchResponse;
  const messages = response.responses[0]?.partitions[0]?.messages ?? [];
  const last = messages.at(-1);
  const records = messages.filter(
    ({ offset, isControlRecord }) => Number(offset) >= position && isControlRecord !== true,
  );
  return { records, next: last === undefined ? position : Math.max(position, Number(last.offset) + 1) };
}
