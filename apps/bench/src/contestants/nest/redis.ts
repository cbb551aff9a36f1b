import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import type { Contestant } from '../contestant.ts';
import { redisAddress } from '../redis-address.ts';
import { nestCaller, startNest } from './nest.ts';

export const contestant: Contestant = {
  async serve(service, setup) {
    const patternOf = (name: string): string => `${setup.run}.${name}`;
    const app = await startNest(
      service,
      setup,
      { transport: Transport.REDIS, options: redisAddress(setup.broker) },
      patternOf,
    );
    return { address: '', close: () => app.close() };
  },

  async connect({ broker, run }) {
    const client = ClientProxyFactory.create({ transport: Transport.REDIS, options: redisAddress(broker) });
    await client.connect();
    return nestCaller(client, (name) => `${run}.${name}`);
  },
};
