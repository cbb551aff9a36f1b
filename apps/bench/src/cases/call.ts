import { Calls } from './calls.ts';
import type { BenchCase } from './case.ts';
import { p50, perSecond } from './headline.ts';

interface CallOptions {
  readonly callers: number;
  /** `t` of each message. */
  readonly text: string;
  /** For the title. */
  readonly size: string;
}

/** Request and reply over one connection: so many callers, each with one call under way. */
export function call({ callers, text, size }: CallOptions): BenchCase {
  return {
    title: `request and reply, ${size}, ${callers} ${callers === 1 ? 'caller' : 'callers'}`,
    headline: callers === 1 ? p50 : perSecond,
    async prepare(stage) {
      const client = await stage.connect();
      const echo = client.method('echo');
      const calls = new Calls(
        Array.from({ length: callers }, () => echo),
        text,
      );
      return { round: (seconds) => calls.round(seconds), close: () => client.close() };
    },
  };
}
