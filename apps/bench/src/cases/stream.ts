import type { BenchCase } from './case.ts';
import { perSecond } from './headline.ts';
import { check, small } from './message-source.ts';

/** One request with so many replies. */
export function stream(replies: number): BenchCase {
  return {
    title: `a stream of ${replies.toLocaleString('en')} replies`,
    headline: perSecond,
    async prepare(stage) {
      const client = await stage.connect();
      const numbers = client.numbers?.();
      if (numbers === undefined) throw new Error('has no streams');
      const round = async (seconds: number) => {
        const start = performance.now();
        let operations = 0;
        do {
          let expected = 0;
          await numbers(replies, (message) => check(message, expected++, small));
          if (expected !== replies) throw new Error(`${expected} replies came of ${replies}`);
          operations += replies;
        } while (performance.now() - start < seconds * 1000);
        return { operations, seconds: (performance.now() - start) / 1000 };
      };
      return { round, close: () => client.close() };
    },
  };
}
