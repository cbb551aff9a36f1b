import type { Caller, ConnectSetup, Contestant, Served, ServeSetup } from '../contestant.ts';
import type { Message, Service } from '../service.ts';
import { Corked } from './corked.ts';
import { handlersOf, methodNumber } from './methods.ts';
import { Pending } from './pending.ts';

/**
 * A hand-written minimum over ioredis: `PUBLISH` with an id before the JSON, all of a tick in one write. A method's
 * number is its channel; replies go to one inbox, for there is one client.
 */
export const contestant: Contestant = {
  async serve(service: Service, setup: ServeSetup): Promise<Served> {
    const { publisher, subscriber, close } = await open(setup.broker);
    const { run } = setup;
    const inbox = `${run}:inbox`;
    const handlers = handlersOf(service, setup);
    const byChannel = new Map(handlers.map((handle, number) => [`${run}:m:${number}`, handle]));
    const ticks = `${run}:e:tick`;
    subscriber.on('message', (channel: string, text: string) => {
      if (channel === ticks) return service.tick(JSON.parse(text));
      const colon = text.indexOf(':');
      const reply = byChannel.get(channel)?.(JSON.parse(text.slice(colon + 1)));
      const id = text.slice(0, colon + 1);
      const answer = (message: Message | undefined): void => {
        publisher.publish(inbox, id + JSON.stringify(message));
      };
      if (reply instanceof Promise) void reply.then(answer);
      else answer(reply);
    });
    await subscriber.subscribe(ticks, ...byChannel.keys());
    return { address: '', close };
  },

  async connect(setup: ConnectSetup): Promise<Caller> {
    const { publisher, subscriber, close } = await open(setup.broker);
    const { run } = setup;
    const pending = new Pending();
    subscriber.on('message', (_channel: string, text: string) => {
      const colon = text.indexOf(':');
      pending.settle(Number(text.slice(0, colon)), JSON.parse(text.slice(colon + 1)));
    });
    await subscriber.subscribe(`${run}:inbox`);
    const ticks = `${run}:e:tick`;
    return {
      method(name) {
        const channel = `${run}:m:${methodNumber(name, setup)}`;
        return (message) =>
          new Promise((resolve) => {
            publisher.publish(channel, `${pending.add(resolve)}:${JSON.stringify(message)}`);
          });
      },
      tick: () => (message) => {
        publisher.publish(ticks, JSON.stringify(message));
        return publisher.whenFree();
      },
      close,
    };
  },
};

async function open(broker: string) {
  const publisher = await Corked.open(broker);
  const { redis: subscriber } = await Corked.open(broker);
  const close = async (): Promise<void> => {
    publisher.redis.disconnect();
    subscriber.disconnect();
  };
  return { publisher, subscriber, close };
}
