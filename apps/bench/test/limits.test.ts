import { describe, expect, it } from 'vitest';
import { bundleBytes } from '../src/alone/bundle.ts';
import { cpu } from '../src/cases/headline.ts';
import { type Contest, contest } from '../src/contest.ts';
import { readOptions } from '../src/options.ts';
import type { Round } from '../src/processes/measure-round.ts';

/** What can be said on any machine, however busy: sizes, bytes, and CPU with much room. */
describe('limits', { timeout: 60_000 }, () => {
  it('core is under 25 KiB, minified and gzipped, without rxjs', async () => {
    expect(await bundleBytes('@parley/core')).toBeLessThan(25 * 1024);
  });

  it('a call in flight takes bounded memory on both sides together', async () => {
    const [round] = await roundsOf('in-flight', 0);
    expect(round?.operations).toBe(10_000);
    // With the payload and the promises of the caller and the handler, which are about 400; it is about 1 320 in all.
    expect(round?.figures?.['bytes per call']).toBeLessThan(1_800);
    expect(round?.figures?.['bytes per call']).toBeGreaterThan(100);
  });

  it('a call costs no more when 10 000 handlers are registered than when 10 are', async () => {
    const few = await roundsOf('handlers-10', 0.2);
    const many = await roundsOf('handlers-10000', 0.2);
    // Of several rounds the cheapest: others on the machine only make it dearer. Looking through 10 000 takes 20 µs and more.
    expect(cheapest(many)).toBeLessThan(2 * cheapest(few) + 5);
  });
});

/** The CPU of both processes for a message, against the floor: about 1.7 for calls and 2 for events. */
describe('the floor', { timeout: 60_000 }, () => {
  it.each([
    ['call-64', 3],
    ['events', 3.5],
  ])('of %s is not left behind by more than %d times', async (name, limit) => {
    const [floor, parley] = await resultsOf(name, 'floor,parley', 0.3);
    expect(cheapest(parley ?? [])).toBeLessThan(limit * cheapest(floor ?? []));
    // A floor that is slower is none.
    expect(cheapest(floor ?? [])).toBeLessThan(1.2 * cheapest(parley ?? []));
  });
});

async function roundsOf(name: string, seconds: number): Promise<readonly Round[]> {
  const [rounds = []] = await resultsOf(name, 'parley', seconds);
  return rounds;
}

/** The rounds of each contestant. */
async function resultsOf(name: string, contestants: string, seconds: number): Promise<(readonly Round[])[]> {
  const options = readOptions(['--contestants', contestants, '--rounds', '5', '--warmup', '1']);
  if (options === undefined) throw new Error('no options');
  const held: Contest = await contest(name, 'tcp', { url: '' }, { ...options, seconds, repeats: 0 });
  return held.results.map(({ failure, rounds }) => {
    expect(failure).toBeUndefined();
    return rounds;
  });
}

function cheapest(rounds: readonly Round[]): number {
  return Math.min(...rounds.map(cpu.of));
}
