import type { Names } from '../../names.ts';
import type { Commands } from '../redis/script.ts';

/** Names in one step of a scan. */
const step = 1000;

/** The names of all events that were ever published to streams. */
export async function knownEvents(redis: Commands, names: Names): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, some] = await redis.sscan(names.eventNames, cursor, 'COUNT', step);
    found.push(...some);
    cursor = next;
  } while (cursor !== '0');
  return found;
}
