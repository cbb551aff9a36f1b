import { describe, expect, it } from 'vitest';
import type { Read } from './read-group.ts';
import { ReadPlan } from './read-plan.ts';

/** A Redis that has so many entries in each stream. */
class Streams {
  readonly #left: Record<string, number>;
  /** Which streams were asked for, in which order. */
  readonly asked: string[] = [];

  constructor(left: Record<string, number>) {
    this.#left = left;
  }

  async read(plan: ReadPlan, room: number): Promise<number> {
    let came = 0;
    const read = async (keys: readonly string[]) => {
      this.asked.push(keys.join(''));
      return keys.flatMap((key) => this.#take(key, Math.floor(room / keys.length)));
    };
    await plan.read(room, read, ([, entries]) => {
      came += entries.length;
    });
    await new Promise((resolve) => setImmediate(resolve));
    return came;
  }

  #take(key: string, count: number): Read[] {
    const taken = Math.min(count, this.#left[key] ?? 0);
    this.#left[key] = (this.#left[key] ?? 0) - taken;
    return taken === 0 ? [] : [[Buffer.from(key), Array.from({ length: taken }, () => [Buffer.from('1-1'), []])]];
  }
}

let isIdle = true;

function planOf(...keys: string[]): ReadPlan {
  isIdle = true;
  const plan = new ReadPlan(() => isIdle);
  for (const key of keys) plan.add(key);
  return plan;
}

describe('the plan of reads', () => {
  it('takes all streams in turn, each as the first', async () => {
    const plan = planOf('a', 'b', 'c');
    const streams = new Streams({ a: 1, b: 1 });
    for (const came of [2, 0, 0, 0]) {
      expect(plan.isUrgent).toBe(false);
      expect(await streams.read(plan, 48)).toBe(came);
    }
    expect(streams.asked.map((keys) => keys.split('').toSorted().join(''))).toEqual(['abc', 'abc', 'abc', 'abc']);
    expect(new Set(streams.asked.map((keys) => keys[0])).size).toBe(3);
  });

  it('reads a stream that may have more by itself, with all of the room, every other time', async () => {
    const plan = planOf('a', 'b', 'c', 'd');
    const streams = new Streams({ b: 100, d: 3 });
    expect(await streams.read(plan, 32)).toBe(8 + 3);
    expect(plan.isUrgent).toBe(true);
    expect(await streams.read(plan, 32)).toBe(32);
    expect(plan.isUrgent).toBe(false);
    expect(await streams.read(plan, 32)).toBe(8);
    expect(await streams.read(plan, 100)).toBe(52);
    expect(streams.asked.filter((keys) => keys.length === 1)).toEqual(['b', 'b']);
    expect(streams.asked.filter((keys) => keys.length === 4)).toHaveLength(2);
  });

  it('asks for more entries of each stream as long as they are handled soon', async () => {
    const plan = planOf('a', 'b');
    const streams = new Streams({ a: 1000 });
    expect(plan.most).toBe(2 * 16);
    await streams.read(plan, 32);
    expect(plan.most).toBe(32);
    await streams.read(plan, 32);
    expect(plan.most).toBe(2 * 64);
    isIdle = false;
    await streams.read(plan, 128);
    expect(plan.most).toBe(16);
  });
});
