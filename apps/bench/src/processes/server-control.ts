import type { Service, Ticks } from '../contestants/service.ts';
import { liveBytes, type Usage, usage } from '../measure/usage.ts';
import type { Asker, Questions } from './messages.ts';

/** The server's side as a case sees it, beside the contestant's own way. */
export interface ServerControl {
  usage(): Promise<Usage>;
  /** Bytes in use, garbage collected. */
  liveBytes(): Promise<number>;
  holding(): Promise<number>;
  release(): Promise<void>;
  handled(count: number): Promise<Ticks>;
}

/** What {@link remoteControl} asks, in the server's process. */
export function serviceQuestions(service: Service): Questions {
  return {
    usage,
    liveBytes,
    holding: () => service.holding,
    release: () => service.release(),
    ticks: () => service.ticks,
    handled: (count: number) => service.handled(count),
  };
}

export function remoteControl(asker: Asker): ServerControl {
  return {
    usage: () => asker.ask('usage'),
    liveBytes: () => asker.ask('liveBytes'),
    holding: () => asker.ask('holding'),
    release: () => asker.ask('release'),
    handled: (count) =>
      asker.ask<Ticks>('handled', count).catch(async (error: unknown) => {
        const ticks = await asker.ask<number>('ticks');
        throw new Error(`only ${ticks} of ${count} events were handled`, { cause: error });
      }),
  };
}

/** The same without a process between. */
export function localControl(service: Service): ServerControl {
  return {
    usage: async () => usage(),
    liveBytes: async () => liveBytes(),
    holding: async () => service.holding,
    release: async () => service.release(),
    handled: (count) => service.handled(count),
  };
}
