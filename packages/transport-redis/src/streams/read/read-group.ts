import type { Commands } from '../redis/script.ts';
import { pollScript } from '../redis/scripts.ts';

/** Who reads. */
export interface Reader {
  readonly group: string;
  readonly consumer: string;
}

/** What came from one stream: its key, and for each entry the id and the fields. */
export type Read = [key: Buffer, entries: [id: Buffer, fields: Buffer[]][]];

/**
 * Reads what is new to the group in streams of one slot: at most `room` entries if that can be done, and never more than one too
 * many per stream. Waits at most `block` ms for the first.
 */
export async function readGroup(
  connection: Commands,
  { group, consumer }: Reader,
  keys: readonly string[],
  room: number,
  block: number,
): Promise<readonly Read[]> {
  // COUNT is for each stream. With less room than streams only a script can keep to it …
  if (room < keys.length) {
    const found = (await pollScript.run(connection, keys, [group, consumer, room])) as Read[];
    if (found.length > 0) return found;
  }
  // … but it cannot wait. What comes to several streams at the very time is the one too many.
  const count = Math.max(1, Math.floor(room / keys.length));
  const newOnes = keys.map(() => '>');
  const read = await connection.xreadgroupBuffer(
    'GROUP',
    group,
    consumer,
    'COUNT',
    count,
    'BLOCK',
    block,
    'STREAMS',
    ...keys,
    ...newOnes,
  );
  return (read ?? []) as Read[];
}
