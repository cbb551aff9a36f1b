import type { Contestant } from '../contestant.ts';
import { freePort } from '../free-port.ts';
import { addService, type MoleculerTransporter, moleculerCaller, moleculerNode } from './moleculer.ts';

let clients = 0;

/** Nodes that know each other's address: without it they find each other by multicast. */
export const contestant: Contestant = {
  async serve(service, setup) {
    const port = await freePort();
    const broker = moleculerNode('server', tcp({ port, urls: [] }));
    addService(broker, service, setup);
    await broker.start();
    return { address: String(port), close: () => broker.stop() };
  },

  async connect({ address }) {
    clients += 1;
    const name = `client-${process.pid}-${clients}`;
    return moleculerCaller(moleculerNode(name, tcp({ port: null, urls: [`tcp://127.0.0.1:${address}/server`] })));
  },
};

function tcp(options: { port: number | null; urls: string[] }): MoleculerTransporter {
  return { type: 'TCP', options: { ...options, udpDiscovery: false, useHostname: false } as object };
}
