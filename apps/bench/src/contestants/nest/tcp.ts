import type { AddressInfo, Server } from 'node:net';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import type { Contestant } from '../contestant.ts';
import { nestCaller, startNest } from './nest.ts';

const host = '127.0.0.1';

export const contestant: Contestant = {
  async serve(service, setup) {
    const app = await startNest(service, setup, { transport: Transport.TCP, options: { host, port: 0 } });
    const { port } = app.unwrap<Server>().address() as AddressInfo;
    return { address: String(port), close: () => app.close() };
  },

  async connect({ address }) {
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host, port: Number(address) } });
    await client.connect();
    return nestCaller(client);
  },
};
