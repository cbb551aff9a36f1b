import { Calls } from './calls.ts';
import type { BenchCase } from './case.ts';
import { cpu } from './headline.ts';
import { small } from './message-source.ts';

const callers = 64;

interface HandlerOptions {
  /** Registered at the server. */
  readonly registered: number;
  /** Called in turn; spread over those registered. */
  readonly called: number;
}

/** What it costs a call that the server has many handlers. */
export function handlers({ registered, called }: HandlerOptions): BenchCase {
  return {
    title: `${registered.toLocaleString('en')} handlers, ${called.toLocaleString('en')} of them called, ${callers} callers`,
    headline: cpu,
    handlers: registered,
    transports: ['tcp'],
    async prepare(stage) {
      const client = await stage.connect();
      const methods = Array.from({ length: called }, (_, index) =>
        client.method(`echo.${Math.floor((index * registered) / called)}`),
      );
      let turn = 0;
      const inTurn: (typeof methods)[number] = (message) => {
        turn = turn + 1 < methods.length ? turn + 1 : 0;
        return (methods[turn] as (typeof methods)[number])(message);
      };
      const calls = new Calls(
        Array.from({ length: callers }, () => inTurn),
        small,
      );
      return { round: (seconds) => calls.round(seconds), close: () => client.close() };
    },
  };
}
