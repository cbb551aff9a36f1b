import { setTimeout as sleep } from 'node:timers/promises';
import { Samples } from '../measure/samples.ts';
import type { BenchCase } from './case.ts';
import { p50 } from './headline.ts';
import { check, small } from './message-source.ts';

/** Milliseconds between two bursts. */
const rest = 2;
/** Milliseconds of bursts without a rest before it counts: as in a service that has run for long, the code is compiled. */
const warmUp = 1000;

/** So many calls at once, then a rest: what a page of a web application does. The time is that of the whole burst. */
export function burst(calls: number): BenchCase {
  return {
    title: `${calls} calls at once, then a rest; of the whole burst`,
    headline: p50,
    async prepare(stage) {
      const client = await stage.connect();
      const echo = client.method('echo');
      const samples = new Samples();
      let next = 10_000;
      const one = async (n: number): Promise<void> => check(await echo({ n, t: small }), n, small);
      const once = () => Promise.all(Array.from({ length: calls }, () => one(next++)));
      for (const begun = performance.now(); performance.now() < begun + warmUp; ) await once();
      const round = async (seconds: number) => {
        samples.clear();
        const first = next;
        const start = performance.now();
        do {
          const sent = performance.now();
          await once();
          samples.add(performance.now() - sent);
          await sleep(rest);
        } while (performance.now() - start < seconds * 1000);
        return {
          operations: next - first,
          seconds: (performance.now() - start) / 1000,
          latency: samples.summary(),
        };
      };
      return { round, close: () => client.close() };
    },
  };
}
