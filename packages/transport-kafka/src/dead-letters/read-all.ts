import { RpcException } from '@parley/core/transport';
import type { DriverRecord, KafkaDriver, TopicPartition } from '../driver/index.ts';

/** All records that a partition has now. Rejects when it cannot be read. */
export async function readAll(
  driver: KafkaDriver,
  { topic, partition }: TopicPartition,
  range: { readonly first: number; readonly end: number },
): Promise<readonly DriverRecord[]> {
  if (range.first >= range.end) return [];
  const all: DriverRecord[] = [];
  const read = Promise.withResolvers<void>();
  // Whoever closes the reader does not wait for it.
  read.promise.catch(() => undefined);
  const reader = driver.partitionReader(
    { topic, partition, from: 'beginning' },
    {
      records: (records) => {
        for (const record of records) if (Number(record.offset) < range.end) all.push(record);
        if (Number(records.at(-1)?.offset) >= range.end - 1) read.resolve();
      },
      lost: (reason) => read.reject(reason),
      restored: () => undefined,
      missing: () => read.reject(new RpcException(`The topic "${topic}" was deleted while it was read`)),
    },
  );
  try {
    await reader.start();
    await read.promise;
  } finally {
    await reader.close(1000);
  }
  return all;
}
