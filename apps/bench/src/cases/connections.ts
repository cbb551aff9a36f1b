import { liveBytes } from '../measure/usage.ts';
import { Calls } from './calls.ts';
import type { BenchCase, Stage } from './case.ts';
import { cpu } from './headline.ts';
import { small } from './message-source.ts';

/** Opened at once, so that no backlog of a listening socket overflows. */
const atOnce = 50;

/** One caller on each of so many connections from one process. */
export function connections(count: number): BenchCase {
  return {
    title: `${count.toLocaleString('en')} ${count === 1 ? 'connection' : 'connections'}, a caller on each`,
    headline: cpu,
    transports: ['tcp'],
    async prepare(stage) {
      const first = await stage.connect();
      await new Calls([first.method('echo')], small).round(0);
      const before = await bytes(stage);
      const clients = [first];
      while (clients.length < count) {
        const some = Math.min(atOnce, count - clients.length);
        clients.push(...(await Promise.all(Array.from({ length: some }, () => stage.connect()))));
      }
      const calls = new Calls(
        clients.map((client) => client.method('echo')),
        small,
      );
      await calls.round(0);
      const figures = count === 1 ? {} : { 'bytes per connection': ((await bytes(stage)) - before) / (count - 1) };
      return {
        round: async (seconds) => ({ ...(await calls.round(seconds)), figures }),
        close: async () => void (await Promise.all(clients.map((client) => client.close()))),
      };
    },
  };
}

/** In use on both sides. */
async function bytes({ server }: Stage): Promise<number> {
  return liveBytes() + (await server.liveBytes());
}
