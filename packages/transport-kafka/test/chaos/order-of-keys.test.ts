import type { Entry } from '@parley/brokers/fleet';
import { expect, it } from 'vitest';
import { overtakings } from './order-of-keys.ts';

const isLast = (_key: string, place: number, attempt: number): boolean => place === 1 && attempt === 2;

function history(...lines: (readonly [what: string, key: string, place: number, attempt?: number])[]): Entry[] {
  return lines.map(([what, key, place, attempt = 1], time) => [what, key, place, attempt, time]);
}

it('finds no fault with repetition, nor with what other keys do', () => {
  const entries = history(
    ['begun', 'a', 0],
    ['begun', 'b', 0],
    ['done', 'a', 0],
    ['begun', 'a', 1],
    ['failed', 'a', 1],
    ['begun', 'a', 0],
    ['done', 'a', 0],
    ['begun', 'a', 1, 2],
    ['failed', 'a', 1, 2],
    ['begun', 'a', 2],
  );
  expect(overtakings(entries, isLast)).toEqual([]);
});

it('finds a job that is begun before the one before it is over', () => {
  expect(overtakings(history(['begun', 'a', 0], ['begun', 'a', 1]), isLast)).toEqual([
    { key: 'a', place: 1, missing: 0 },
  ]);
  const early = history(['begun', 'a', 0], ['done', 'a', 0], ['begun', 'a', 1], ['failed', 'a', 1], ['begun', 'a', 2]);
  expect(overtakings(early, isLast)).toEqual([{ key: 'a', place: 2, missing: 1 }]);
  // Whatever order they are given in, the clock counts.
  expect(overtakings(early.toReversed(), isLast)).toHaveLength(1);
});
