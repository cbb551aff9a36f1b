import type { Caller, ConnectSetup, Contestant, Served, ServeSetup } from '../contestant.ts';
import type { Service } from '../service.ts';
import { Corked } from './corked.ts';
import { Lines, type Publishing } from './lines.ts';
import { handlersOf, methodNumber } from './methods.ts';
import { Pending } from './pending.ts';

/**
 * A hand-written minimum over ioredis: an id before the JSON, all of a tick for one channel in one PUBLISH. A method's number
 * is its channel; replies go to one inbox, for there is one client.
 */
export const contestant: Contestant = floor((publisher) => new Lines(publisher));

/** The same with a PUBLISH for each message, all of a tick in one write: what one would write first. */
export const plain: Contestant = floor((publisher) => publisher);

function floor(publishing: (publisher: Corked) => Publishing): Contestant {
  return {
    async serve(service: Service, setup: ServeSetup): Promise<Served> {
      const { publisher, subscriber, close } = await open(setup.broker);
      const out = publishing(publisher);
      const { run } = setup;
      const inbox = `${run}:inbox`;
      const handlers = handlersOf(service, setup);
      const byChannel = new Map(handlers.map((handle, number) => [`${run}:m:${number}`, handle]));
      const ticks = `${run}:e:tick`;
      subscriber.on('message', (channel: string, lines: string) => {
        const handle = byChannel.get(channel);
        for (const line of lines.split('\n')) {
          if (handle === undefined) {
            service.tick(JSON.parse(line));
            continue;
          }
          const colon = line.indexOf(':');
          const reply = handle(JSON.parse(line.slice(colon + 1)));
          const id = line.slice(0, colon + 1);
          if (reply instanceof Promise) {
            void reply.then((message) => out.publish(inbox, id + JSON.stringify(message)));
          } else {
            out.publish(inbox, id + JSON.stringify(reply));
          }
        }
      });
      await subscriber.subscribe(ticks, ...byChannel.keys());
      return { address: '', close };
    },

    async connect(setup: ConnectSetup): Promise<Caller> {
      const { publisher, subscriber, close } = await open(setup.broker);
      const out = publishing(publisher);
      const { run } = setup;
      const pending = new Pending();
      subscriber.on('message', (_channel: string, lines: string) => pending.settleAll(lines));
      await subscriber.subscribe(`${run}:inbox`);
      const ticks = `${run}:e:tick`;
      return {
        method(name) {
          const channel = `${run}:m:${methodNumber(name, setup)}`;
          return (message) =>
            new Promise((resolve) => {
              out.publish(channel, `${pending.add(resolve)}:${JSON.stringify(message)}`);
            });
        },
        tick: () => (message) => {
          out.publish(ticks, JSON.stringify(message));
          return publisher.whenFree();
        },
        close,
      };
    },
  };
}

async function open(broker: string) {
  const publisher = await Corked.open(broker);
  const { redis: subscriber } = await Corked.open(broker);
  const close = async (): Promise<void> => {
    publisher.redis.disconnect();
    subscriber.disconnect();
  };
  return { publisher, subscriber, close };
}
