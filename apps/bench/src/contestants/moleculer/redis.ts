import type { Contestant } from '../contestant.ts';
import { redisAddress } from '../redis-address.ts';
import { addService, type MoleculerTransporter, moleculerCaller, moleculerNode } from './moleculer.ts';

export const contestant: Contestant = {
  async serve(service, setup) {
    const broker = moleculerNode(`server-${setup.run}`, redis(setup.broker));
    addService(broker, service, setup);
    await broker.start();
    return { address: '', close: () => broker.stop() };
  },

  async connect({ broker, run }) {
    return moleculerCaller(moleculerNode(`client-${run}`, redis(broker)));
  },
};

function redis(broker: string): MoleculerTransporter {
  return { type: 'Redis', options: redisAddress(broker) };
}
