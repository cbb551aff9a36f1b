import type { Contestant } from './contestant.ts';

export type TransportName = 'tcp' | 'redis' | 'streams' | 'kafka';

interface Entry {
  readonly load: () => Promise<Contestant>;
  /** What an application imports to use it. */
  readonly imports: readonly string[];
  /** Cases that it cannot take part in, and why. */
  readonly cannot?: Readonly<Record<string, string>>;
  /** Takes part only where a case or the command line names it. */
  readonly onlyNamed?: boolean;
}

const manyBrokers = 'a node of it is much more than a connection';
const boundedByDefault = 'by default it handles 256 at once, and leaves the others with the broker';
const noStreams = { stream: 'over a broker the floor has no streams' };
const noHandlers = 'its methods are those of a .proto file';

/** By name: who made it, and over what. */
export const contestants: Readonly<Record<string, Entry>> = {
  'floor/tcp': { load: async () => (await import('./floor/tcp.ts')).contestant, imports: ['node:net'] },
  'parley/tcp': {
    load: async () => (await import('./parley/tcp.ts')).contestant,
    imports: ['@parley/core', '@parley/transport-tcp'],
  },
  'parley-full/tcp': {
    load: async () => (await import('./parley/tcp.ts')).full,
    imports: [],
    onlyNamed: true,
    cannot: { stream: 'it is there for calls and events' },
  },
  'nest/tcp': {
    load: async () => (await import('./nest/tcp.ts')).contestant,
    imports: ['reflect-metadata', '@nestjs/core', '@nestjs/microservices'],
    cannot: { 'call-256-64k': 'both sides stop reading while their own writes wait, and it hangs' },
  },
  'moleculer/tcp': {
    load: async () => (await import('./moleculer/tcp.ts')).contestant,
    imports: ['moleculer'],
    cannot: {
      'connections-10': manyBrokers,
      'connections-100': manyBrokers,
      'connections-1000': manyBrokers,
    },
  },
  'grpc/tcp': {
    load: async () => (await import('./grpc/tcp.ts')).contestant,
    imports: ['@grpc/grpc-js', '@grpc/proto-loader'],
    cannot: {
      'handlers-10': noHandlers,
      'handlers-1000': noHandlers,
      'handlers-10000': noHandlers,
      'handlers-10000-all': noHandlers,
    },
  },
  'floor/redis': { load: async () => (await import('./floor/redis.ts')).contestant, imports: [], cannot: noStreams },
  'plain/redis': {
    load: async () => (await import('./floor/redis.ts')).plain,
    imports: [],
    cannot: noStreams,
  },
  'parley/redis': {
    load: async () => (await import('./parley/redis.ts')).contestant,
    imports: ['@parley/core', '@parley/transport-redis'],
  },
  'nest/redis': { load: async () => (await import('./nest/redis.ts')).contestant, imports: [] },
  'moleculer/redis': { load: async () => (await import('./moleculer/redis.ts')).contestant, imports: [] },
  'floor/streams': {
    load: async () => (await import('./floor/streams.ts')).contestant,
    imports: [],
    cannot: noStreams,
  },
  'plain/streams': {
    load: async () => (await import('./floor/streams.ts')).plain,
    imports: [],
    cannot: noStreams,
  },
  'parley/streams': {
    load: async () => (await import('./parley/redis.ts')).streams,
    imports: [],
    cannot: { 'in-flight': boundedByDefault },
  },
  'floor/kafka': { load: async () => (await import('./floor/kafka.ts')).contestant, imports: [], cannot: noStreams },
  'plain/kafka': { load: async () => (await import('./floor/kafka.ts')).plain, imports: [], cannot: noStreams },
  'parley/kafka': {
    load: async () => (await import('./parley/kafka.ts')).contestant,
    imports: ['@parley/core', '@parley/transport-kafka'],
    cannot: { 'in-flight': boundedByDefault },
  },
  'nest/kafka': {
    load: async () => (await import('./nest/kafka.ts')).contestant,
    imports: [],
    cannot: { 'in-flight': 'it handles the messages of a partition one after the other' },
  },
};

export function makerOf(contestant: string): string {
  return contestant.slice(0, contestant.indexOf('/'));
}

export function transportOf(contestant: string): TransportName {
  return contestant.slice(contestant.indexOf('/') + 1) as TransportName;
}

/** @throws Error when there is none of that name. */
export function loadContestant(name: string): Promise<Contestant> {
  const entry = contestants[name];
  if (entry === undefined) throw new Error(`there is no contestant "${name}"`);
  return entry.load();
}
