// The one place that knows the wire. Everything else says who it wants to talk to.
import { type AddressInfo, Server } from 'node:net';
import { type ClientProxy, type Host, InjectionToken, type MicroserviceEntry, Transports } from '@parley/core';
import { type MemoryBroker, memory } from '@parley/transport-memory';
import { tcp } from '@parley/transport-tcp';

/** By these a service listens, and others get their `ClientProxy` for it. */
export const services = {
  users: new InjectionToken<ClientProxy>('users'),
  notifications: new InjectionToken<ClientProxy>('notifications'),
};

/** Services that others reach over the wire. The gateway is reached over HTTP. */
export type WiredService = keyof typeof services;

/** Ports of the services that listen already. */
export type Ports = Partial<Record<WiredService, number>>;

/** How the services of one run find each other. */
export type Wire =
  | { readonly transport: 'tcp'; readonly ports: Ports }
  | { readonly transport: 'memory'; readonly broker: MemoryBroker }
  | { readonly transport: 'redis' | 'kafka' };

/** What `--transport` takes. */
export const transports = ['tcp', 'redis', 'kafka', 'memory'] as const satisfies Wire['transport'][];

/** A service's own entry: it listens, and calls itself never. */
export function listenAs(service: WiredService, wire: Wire): MicroserviceEntry {
  return { token: services[service], options: wireTo(service, wire), client: false };
}

/** An entry for who calls the service. */
export function clientOf(service: WiredService, wire: Wire): MicroserviceEntry {
  return { token: services[service], options: wireTo(service, wire), listen: false };
}

/** Both sides take the same options. */
function wireTo(service: WiredService, wire: Wire): MicroserviceEntry['options'] {
  switch (wire.transport) {
    case 'tcp':
      // 0, any free port, is what a service listens on that had none before.
      return tcp({ port: wire.ports[service] ?? 0 });
    case 'memory':
      return memory({ broker: wire.broker, group: service });
    case 'redis':
      // By name, since nothing here depends on the package: core finds it, or says how to install it.
      return { transport: Transports.REDIS, options: { group: service } };
    case 'kafka':
      return { transport: Transports.KAFKA, options: { group: service } };
  }
}

/** The port that a service got; `undefined` where services are not reached by port. */
export function portOf(service: WiredService, host: Host, wire: Wire): number | undefined {
  if (wire.transport !== 'tcp') return undefined;
  const address = host.transporter(services[service]).unwrap(Server).address();
  return (address as AddressInfo).port;
}
