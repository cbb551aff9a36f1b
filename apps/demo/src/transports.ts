// The one place that knows the wire. Everything else says who it wants to talk to.
import { type AddressInfo, Server } from 'node:net';
import { type ClientProxy, type Host, InjectionToken, type MicroserviceEntry } from '@parley/core';
import { kafka } from '@parley/transport-kafka';
import { type MemoryBroker, memory } from '@parley/transport-memory';
import { redis } from '@parley/transport-redis';
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
  | RedisWire
  | KafkaWire;

/** One Redis for all; nobody else uses names that begin with `prefix`. */
export interface RedisWire {
  readonly transport: 'redis';
  readonly mode: RedisMode;
  readonly url: string;
  readonly prefix: string;
}

/** One Kafka for all; nobody else uses topics whose names begin with `prefix`. */
export interface KafkaWire {
  readonly transport: 'kafka';
  readonly brokers: readonly string[];
  readonly prefix: string;
}

/** What `--transport` takes. */
export const transports = ['tcp', 'redis', 'kafka', 'memory'] as const satisfies Wire['transport'][];

/** What `--mode` takes, with Redis. */
export const redisModes = ['pubsub', 'streams'] as const;
export type RedisMode = (typeof redisModes)[number];

/**
 * What becomes of a call when its service dies, and of the next one: the connection is lost, and the caller hears so;
 * nobody hears (publish/subscribe keeps nothing); or the broker has kept the request for who serves it next.
 */
export type Aftermath = 'heard' | 'silence' | 'kept';

export function aftermathOf(wire: Wire): Aftermath {
  if (wire.transport === 'tcp') return 'heard';
  return wire.transport === 'redis' && wire.mode === 'pubsub' ? 'silence' : 'kept';
}

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
    case 'redis': {
      const { url, mode, prefix } = wire;
      if (mode === 'pubsub') return redis({ url, prefix });
      // How soon what a killed service was at goes to another: nobody wants to wait the default 6 s here.
      return redis({ url, mode, prefix, group: service, lease: 1000 });
    }
    case 'kafka': {
      const { brokers, prefix } = wire;
      return kafka({ brokers, prefix, group: service, topics: { partitions: 3 } });
    }
  }
}

/** The port that a service got; `undefined` where services are not reached by port. */
export function portOf(service: WiredService, host: Host, wire: Wire): number | undefined {
  if (wire.transport !== 'tcp') return undefined;
  const address = host.transporter(services[service]).unwrap(Server).address();
  return (address as AddressInfo).port;
}
