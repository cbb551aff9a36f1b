import {
  type ClientInterceptor,
  type ClientProxy,
  createClient,
  createMicroservices,
  currentContext,
  type Host,
  provideMicroservices,
  type ServerInterceptor,
  type Transport,
} from '@parley/core';
import { type Caller, type ConnectSetup, type Contestant, extraMethods, type ServeSetup } from '../contestant.ts';
import type { Message, Service } from '../service.ts';
import { contractOf, schemaTime, Tick } from './contracts.ts';

export interface ParleySetup {
  readonly server: (setup: ServeSetup) => Transport;
  readonly client: (setup: ConnectSetup) => Transport;
  /** All at once: contracts on both sides, interceptors on both sides, `currentContext()`, a timeout for each call. */
  readonly full?: boolean;
}

/** Parley as built, over one of its transports, with its defaults. */
export function parley({ server, client, full = false }: ParleySetup): Contestant {
  return {
    async serve(service, setup) {
      const host = createMicroservices({
        providers: [provideMicroservices([{ token: 'main', options: server(setup), client: false }])],
        interceptors: full ? { server: [countServed] } : {},
      });
      if (full) addCheckedHandlers(host, service, setup);
      else addHandlers(host, service, setup);
      await host.start();
      return { address: host.health()['main']?.transporter?.address ?? '', close: () => host.close() };
    },

    async connect(setup) {
      const proxy = createClient(client(setup), full ? { interceptors: [countCalled] } : {});
      await proxy.connect();
      return full ? checkedCaller(proxy) : caller(proxy);
    },
  };
}

function addHandlers(host: Host, service: Service, { handlers }: ServeSetup): void {
  host
    .message<Message>('echo', (message) => service.echo(message))
    .message<Message>('hold', (message) => service.hold(message))
    .message<number>('numbers', async function* (count) {
      yield* service.numbers(count);
    })
    .event<Message>('tick', (message) => service.tick(message));
  for (const name of extraMethods(handlers)) host.message<Message>(name, (message) => service.echo(message));
}

function caller(proxy: ClientProxy): Caller {
  return {
    method: (name) => (message) => proxy.send(name, message) as Promise<Message>,
    tick: () => (message) => proxy.emit('tick', message),
    numbers: () => async (count, each) => {
      for await (const message of proxy.stream('numbers', count)) each(message as Message);
    },
    close: () => proxy.close(),
  };
}

function addCheckedHandlers(host: Host, service: Service, { handlers }: ServeSetup): void {
  const echo = (message: Message): Message => {
    if (currentContext() === undefined) throw new Error('no context');
    return service.echo(message);
  };
  for (const name of ['echo', ...extraMethods(handlers)]) host.message(contractOf(name), echo);
  host.message(contractOf('hold'), (message) => service.hold(message));
  host.event(Tick, (message) => service.tick(message));
}

function checkedCaller(proxy: ClientProxy): Caller {
  return {
    method(name) {
      const contract = contractOf(name);
      return (message) => proxy.send(contract, message, { timeout: 10_000 });
    },
    tick: () => (message) => proxy.emit(Tick, message),
    schemaTime,
    close: () => proxy.close(),
  };
}

/** What it counts is of no interest: it is there to be run. */
const counted = { served: 0, called: 0 };

const countServed: ServerInterceptor = (_call, next) => {
  counted.served += 1;
  return next();
};

const countCalled: ClientInterceptor = (_call, next) => {
  counted.called += 1;
  return next();
};
