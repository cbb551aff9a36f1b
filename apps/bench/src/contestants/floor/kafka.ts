import type { Caller, ConnectSetup, Contestant, Served, ServeSetup } from '../contestant.ts';
import { createTopics } from '../kafka-topics.ts';
import type { Message, Service } from '../service.ts';
import type { Access } from './kafka-access.ts';
import { openByHand } from './kafka-by-hand.ts';
import { openPlain } from './kafka-plain.ts';
import { handlersOf, methodNumber } from './methods.ts';
import { Pending } from './pending.ts';

/**
 * A hand-written minimum over kafkajs's connections: a topic with one partition each for requests, replies and events; all
 * that is written while a Produce is under way leaves with the next one, so that each is one record batch; read without a
 * group. Produce is encoded and Fetch decoded here. The key of a record is `<id>:<method>`.
 */
export const contestant: Contestant = floor(openByHand);

/** The same with kafkajs's producer, encoder and decoder: what one would write first. */
export const plain: Contestant = floor(openPlain);

function floor(open: (broker: string) => Promise<Access>): Contestant {
  return {
    async serve(service: Service, setup: ServeSetup): Promise<Served> {
      const { run, broker } = setup;
      await createTopics(broker, [`${run}-requests`, `${run}-replies`, `${run}-events`]);
      const access = await open(broker);
      const addReply = await access.write(`${run}-replies`, 1);
      const handlers = handlersOf(service, setup);
      await access.read(`${run}-requests`, (key, text) => {
        const colon = key.indexOf(':');
        const id = key.slice(0, colon);
        const reply = handlers[Number(key.slice(colon + 1))]?.(JSON.parse(text));
        const answer = (message: Message | undefined): void => void addReply(id, JSON.stringify(message));
        if (reply instanceof Promise) void reply.then(answer);
        else answer(reply);
      });
      await access.read(`${run}-events`, (_key, text) => service.tick(JSON.parse(text)));
      return { address: '', close: () => access.close() };
    },

    async connect(setup: ConnectSetup): Promise<Caller> {
      const { run, broker } = setup;
      const access = await open(broker);
      const addRequest = await access.write(`${run}-requests`, 1);
      const addEvent = await access.write(`${run}-events`, -1);
      const pending = new Pending();
      await access.read(`${run}-replies`, (key, text) => pending.settle(Number(key), JSON.parse(text)));
      return {
        method(name) {
          const number = methodNumber(name, setup);
          return (message) =>
            new Promise((resolve) => {
              void addRequest(`${pending.add(resolve)}:${number}`, JSON.stringify(message));
            });
        },
        tick: () => (message) => addEvent('', JSON.stringify(message)),
        close: () => access.close(),
      };
    },
  };
}
