import { setImmediate as nextTurn } from 'node:timers/promises';
import { clock } from '../measure/clock.ts';
import type { BenchCase, Outcome, Stage } from './case.ts';
import { perSecond } from './headline.ts';
import { small } from './message-source.ts';

/** Emitted before the event loop goes on and what was emitted can leave. */
const atOnce = 500;

/** Events, emitted as fast as their promises allow, until the last one is handled. */
export function events(): BenchCase {
  return {
    title: 'events until the last one is handled',
    headline: perSecond,
    async prepare(stage) {
      const client = await stage.connect();
      const tick = client.tick();
      const emit = async (first: number): Promise<void> => {
        const taken: Promise<unknown>[] = [];
        for (let n = first; n < first + atOnce; n += 1) {
          const promise = tick({ n, t: small });
          if (promise !== undefined) taken.push(promise);
        }
        if (taken.length > 0) await Promise.all(taken);
        await nextTurn();
      };
      return { round: (seconds) => emitFor(seconds, emit, stage), close: () => client.close() };
    },
  };
}

async function emitFor(seconds: number, emit: (first: number) => Promise<void>, stage: Stage): Promise<Outcome> {
  const start = clock();
  let count = 0;
  for (; count === 0 || clock() - start < seconds * 1000; count += atOnce) await emit(count);
  const ticks = await stage.server.handled(count);
  // Those that a broker gives twice count once too often; none of the contestants' settings let it.
  if (ticks.count !== count || ticks.sum !== (count * (count - 1)) / 2) {
    throw new Error(`${count} events were emitted, and ${JSON.stringify(ticks)} handled`);
  }
  return { operations: count, seconds: (ticks.at - start) / 1000 };
}
