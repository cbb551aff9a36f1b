import type { DriverAdmin, DriverRecord, TopicPartition, TopicPartitionOffset } from '../driver/index.ts';
import { headerText } from '../wire/headers.ts';
import { letterHeaders, settledHeader } from './letter-headers.ts';

/** Fetches that bring nothing, although there should be something, before it is taken to be gone. */
const maxEmpty = 3;

/** A letter's record, and where it is. */
export interface LetterFound {
  readonly place: TopicPartition;
  readonly record: DriverRecord;
}

/**
 * The letters of one topic that are neither put back nor removed, as of now, oldest first. That takes two looks: which are settled is
 * said by what follows them. So the letters themselves need not be kept in memory.
 */
export async function* lettersIn(admin: DriverAdmin, topic: string): AsyncGenerator<LetterFound, void, undefined> {
  const [first, end] = await Promise.all([admin.firstOffsets(topic), admin.endOffsets(topic)]);
  for (const { partition, offset } of end) {
    const range = {
      topic,
      partition,
      from: first.find((one) => one.partition === partition)?.offset ?? '0',
      to: offset,
    };
    const open = await openLetters(admin, range);
    if (open.size === 0) continue;
    for await (const page of pages(admin, range)) {
      for (const record of page) if (open.has(record.offset)) yield { place: { topic, partition }, record };
    }
  }
}

interface Range extends TopicPartition {
  readonly from: string;
  readonly to: string;
}

/** The offsets of those that are not settled. Of several for one event (one that died twice, or was written twice) the last. */
async function openLetters(admin: DriverAdmin, range: Range): Promise<ReadonlySet<string>> {
  const originOf = new Map<string, string>();
  const latest = new Map<string, string>();
  for await (const page of pages(admin, range)) {
    for (const { offset, headers } of page) {
      const settled = headerText(headers, settledHeader);
      if (settled === undefined) {
        const origin = originIn(headers) ?? offset;
        originOf.set(offset, origin);
        latest.set(origin, offset);
      } else {
        const origin = originOf.get(settled);
        // One that came after it died anew.
        if (origin !== undefined && Number(latest.get(origin)) <= Number(settled)) latest.delete(origin);
      }
    }
  }
  return new Set(latest.values());
}

/** Which event it was, for which group. */
function originIn(headers: DriverRecord['headers']): string | undefined {
  const { topic, partition, offset, timestamp, group } = letterHeaders;
  const texts = [topic, partition, offset, timestamp, group].map((name) => headerText(headers, name));
  return texts.includes(undefined) ? undefined : texts.join('/');
}

async function* pages(
  admin: DriverAdmin,
  { topic, partition, from, to }: Range,
): AsyncGenerator<readonly DriverRecord[], void, undefined> {
  const end = Number(to);
  let empty = 0;
  for (let position = Number(from); position < end && empty < maxEmpty; ) {
    const place: TopicPartitionOffset = { topic, partition, offset: String(position) };
    const { records, next } = await admin.recordsFrom(place);
    empty = next === position ? empty + 1 : 0;
    position = next;
    yield records.filter(({ offset }) => Number(offset) < end);
  }
}
