import { setTimeout as sleep } from 'node:timers/promises';
import { liveBytes } from '../measure/usage.ts';
import type { Method } from './calls.ts';
import type { BenchCase, Outcome, Stage } from './case.ts';
import { figure } from './headline.ts';
import { check, small } from './message-source.ts';

/** Milliseconds for all of them to arrive. */
const patience = 30_000;

/** So many calls that have not been answered yet: what one of them takes on both sides, garbage collected. */
export function inFlight(calls: number): BenchCase {
  return {
    title: `${calls.toLocaleString('en')} calls in flight`,
    headline: figure('bytes per call', true),
    async prepare(stage) {
      const client = await stage.connect();
      const hold = client.method('hold');
      return { round: () => round(calls, hold, stage), close: () => client.close() };
    },
  };
}

async function round(calls: number, hold: Method, { server }: Stage): Promise<Outcome> {
  const before = { client: liveBytes(), server: await server.liveBytes() };
  const start = performance.now();
  const replies = Array.from({ length: calls }, (_, n) => hold({ n, t: small }));
  // A rejection must not go unhandled while the others are waited for.
  const all = Promise.all(replies);
  all.catch(() => undefined);
  while ((await server.holding()) < calls) {
    if (performance.now() - start > patience)
      throw new Error(`only ${await server.holding()} of ${calls} calls arrived`);
    await Promise.race([sleep(5), all]);
  }
  const after = { client: liveBytes(), server: await server.liveBytes() };
  await server.release();
  for (const [n, message] of (await all).entries()) check(message, n, small);
  const client = (after.client - before.client) / calls;
  const atServer = (after.server - before.server) / calls;
  return {
    operations: calls,
    seconds: (performance.now() - start) / 1000,
    figures: { 'bytes per call': client + atServer, client, server: atServer },
  };
}
