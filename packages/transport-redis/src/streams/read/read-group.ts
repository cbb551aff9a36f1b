import type { Commands } from '../redis/script.ts';
import { pollScript } from '../redis/scripts.ts';

/** Who reads. */
export interface Reader {
  readonly group: string;
  readonly consumer: string;
}

/** What came from one stream: its key, and for each entry the id and the fields. */
export type Read = [key: Buffer, entries: [id: Buffer, fields: Buffer[]][]];

/** Reads what is new to the group in streams of one slot: at most `room` entries. Waits at most `block` ms for the first, with 0 not at all. */
export async function readGroup(
  redis: Commands,
  reader: Reader,
  keys: readonly string[],
  room: number,
  block: number,
): Promise<readonly Read[]> {
  if (room < keys.length) return readFew(redis, reader, keys, room, block);
  const { group, consumer } = reader;
  // COUNT is for each stream.
  const count = Math.floor(room / keys.length);
  const news = keys.map(() => '>');
  const wait = block > 0 ? ['BLOCK', block] : [];
  const args = ['GROUP', group, consumer, 'COUNT', count, ...wait, 'STREAMS', ...keys, ...news];
  const read = await redis.callBuffer('xreadgroup', ...args);
  return (read ?? []) as Read[];
}

/** With less room than streams only a script can keep to it, and that cannot wait: somebody looks out for it. */
async function readFew(
  redis: Commands,
  { group, consumer }: Reader,
  keys: readonly string[],
  room: number,
  block: number,
): Promise<readonly Read[]> {
  const poll = async () => (await pollScript.run(redis, keys, [group, consumer, room])) as [Read[], Buffer[]];
  const [found, ids] = await poll();
  if (found.length > 0 || block === 0) return found;
  const seen = await redis.xreadBuffer('COUNT', 1, 'BLOCK', block, 'STREAMS', ...keys, ...ids);
  return seen === null ? [] : (await poll())[0];
}
