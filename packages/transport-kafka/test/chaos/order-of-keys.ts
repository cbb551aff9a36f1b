import type { Entry } from '@parley/brokers/fleet';

/** What breaks the order of a key. */
export interface Overtaking {
  readonly key: string;
  /** The place that was begun, when the one before it was not over anywhere. */
  readonly place: number;
  readonly missing: number;
}

/**
 * Looks through what all instances began and ended, by the clock that they share: when a job is begun, each one before it
 * in the row of its key must be over, with success or for good. So a job may be repeated, yet never overtake.
 *
 * @param isLast whether a failure was the last one of its job.
 */
export function overtakings(
  entries: readonly Entry[],
  isLast: (key: string, place: number, attempt: number) => boolean,
): Overtaking[] {
  const rows = new Map<string, { over: Set<number>; next: number }>();
  const found: Overtaking[] = [];
  for (const [what, key, place, attempt] of entries.toSorted((a, b) => Number(a[4]) - Number(b[4]))) {
    const [name, number] = [String(key), Number(place)];
    let row = rows.get(name);
    if (row === undefined) rows.set(name, (row = { over: new Set(), next: 0 }));
    if (what === 'begun' && number > row.next) found.push({ key: name, place: number, missing: row.next });
    if (what === 'done' || (what === 'failed' && isLast(name, number, Number(attempt)))) {
      row.over.add(number);
      while (row.over.has(row.next)) row.next += 1;
    }
  }
  return found;
}
