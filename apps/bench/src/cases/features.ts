import { Calls } from './calls.ts';
import type { BenchCase } from './case.ts';
import { figure } from './headline.ts';
import { small } from './message-source.ts';

const callers = 64;
const headline = 'per second beyond schemas';

/**
 * Parley with contracts validated on both sides, interceptors on both sides, `currentContext()` and a timeout for each
 * call, against Parley without. What the schema library takes by itself on one side (the sides work at the same time)
 * is measured apart and taken off.
 */
export function features(): BenchCase {
  return {
    title: `all features in use against none, 21 B, ${callers} callers`,
    headline: figure(headline, false),
    makers: ['parley-full', 'parley'],
    reference: 'parley',
    transports: ['tcp'],
    async prepare(stage) {
      const client = await stage.connect();
      const echo = client.method('echo');
      const calls = new Calls(
        Array.from({ length: callers }, () => echo),
        small,
      );
      const schema = client.schemaTime?.() ?? 0;
      return {
        async round(seconds) {
          const outcome = await calls.round(seconds);
          const each = outcome.seconds / outcome.operations - schema / 1e6;
          return { ...outcome, figures: { [headline]: 1 / each, 'schema µs': schema } };
        },
        close: () => client.close(),
      };
    },
  };
}
