import { describe, expect, it, onTestFinished } from 'vitest';
import { bundleBytes } from '../src/alone/bundle.ts';
import { cpu } from '../src/cases/headline.ts';
import { contest } from '../src/contest.ts';
import { readOptions } from '../src/options.ts';
import { type Child, startChild } from '../src/processes/child.ts';
import type { Round } from '../src/processes/measure-round.ts';

/** Operations before the first that counts: by then the code is compiled, however little of the machine it gets. */
const warmUp = 100_000;
/** Operations of a round, so that what surrounds them does not count. */
const counted = 10_000;

/** What can be said on any machine, however busy: sizes, bytes, and CPU with much room. */
describe('limits', { timeout: 300_000 }, () => {
  it('core is under 25 KiB, minified and gzipped, without rxjs', async () => {
    expect(await bundleBytes('@parley/core')).toBeLessThan(25 * 1024);
  });

  it('a call in flight takes bounded memory on both sides together', async () => {
    const options = readOptions(['--contestants', 'parley', '--rounds', '1', '--warmup', '1']);
    if (options === undefined) throw new Error('no options');
    const { results } = await contest('in-flight', 'tcp', { url: '' }, { ...options, seconds: 0, repeats: 0 });
    expect(results[0]?.failure).toBeUndefined();
    const [round] = results[0]?.rounds ?? [];
    expect(round?.operations).toBe(10_000);
    // With the payload and the promises of the caller and the handler, which are about 400; it is about 1 320 in all.
    expect(round?.figures?.['bytes per call']).toBeLessThan(1_800);
    expect(round?.figures?.['bytes per call']).toBeGreaterThan(100);
  });

  it('a call costs no more when 10 000 handlers are registered than when 10 are', async () => {
    const [few, many] = await cheapest(['parley/tcp', 'handlers-10'], ['parley/tcp', 'handlers-10000']);
    // Looking through 10 000 takes 20 µs and more.
    expect(many).toBeLessThan(2 * few + 5);
  });
});

/** The CPU of both processes for a message, against the floor: about 1.7 for calls and 2 for events. */
describe('the floor', { timeout: 300_000 }, () => {
  it.each([
    ['call-64', 3],
    ['events', 3.5],
  ])('of %s is not left behind by more than %d times', async (name, limit) => {
    const [floor, parley] = await cheapest(['floor/tcp', name], ['parley/tcp', name]);
    expect(parley).toBeLessThan(limit * floor);
    // A floor that is slower is none.
    expect(floor).toBeLessThan(1.2 * parley);
  });
});

type Entrant = readonly [contestant: string, benchCase: string];

/** Microseconds of CPU for an operation, in the cheapest of five rounds, taken in turn: others on the machine only make it dearer. */
async function cheapest(...entrants: readonly [Entrant, Entrant]): Promise<[number, number]> {
  const children = entrants.map(([contestant, benchCase]) =>
    startChild('client', { contestant, case: benchCase, broker: '', run: 'limits' }),
  );
  onTestFinished(async () => void (await Promise.all(children.map((child) => child.stop()))));
  for (const child of children) {
    await child.asker.ask('ready');
    await cost(child, warmUp);
  }
  const least = children.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < 5; round += 1) {
    for (const [index, child] of children.entries()) {
      least[index] = Math.min(least[index] ?? Number.NaN, await cost(child, counted));
    }
  }
  return least as [number, number];
}

/** Of at least so many operations, however long they take. */
async function cost(child: Child, operations: number): Promise<number> {
  let done = 0;
  let used = 0;
  while (done < operations) {
    const round = await child.asker.ask<Round>('round', 0.2);
    done += round.operations;
    used += round.operations * cpu.of(round);
  }
  return used / done;
}
