import { ClientKafka, Transport } from '@nestjs/microservices';
import { type Contestant, extraMethods } from '../contestant.ts';
import { createTopics } from '../kafka-topics.ts';
import { nestCaller, startNest } from './nest.ts';

export const contestant: Contestant = {
  async serve(service, setup) {
    const { run, broker, handlers } = setup;
    const topics = ['hold', 'numbers', 'tick', 'echo', ...extraMethods(handlers)].map((name) => `${run}.${name}`);
    await createTopics(broker, [...topics, ...topics.map((topic) => `${topic}.reply`)]);
    const options = { client: { clientId: 'nest', brokers: [broker] }, consumer: { groupId: run } };
    const app = await startNest(service, setup, { transport: Transport.KAFKA, options }, (name) => `${run}.${name}`);
    return { address: '', close: () => app.close() };
  },

  async connect({ broker, run, handlers }) {
    const client = new ClientKafka({
      client: { clientId: 'nest', brokers: [broker] },
      consumer: { groupId: `${run}-replies` },
    });
    for (const name of ['hold', 'numbers', 'echo', ...extraMethods(handlers)])
      client.subscribeToResponseOf(`${run}.${name}`);
    await client.connect();
    return nestCaller(client, (name) => `${run}.${name}`);
  },
};
