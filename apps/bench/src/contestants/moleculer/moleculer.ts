import { Readable } from 'node:stream';
import { type BrokerOptions, type Context, ServiceBroker } from 'moleculer';
import { type Caller, extraMethods, type ServeSetup } from '../contestant.ts';
import type { Message, Service } from '../service.ts';

export type MoleculerTransporter = NonNullable<BrokerOptions['transporter']>;

/** A node of Moleculer with what it does by default, but no log. */
export function moleculerNode(nodeID: string, transporter: MoleculerTransporter): ServiceBroker {
  return new ServiceBroker({ nodeID, transporter, logger: false });
}

export function addService(broker: ServiceBroker, service: Service, { handlers }: ServeSetup): void {
  const echo = ({ params }: Context<Message>): Message => service.echo(params);
  broker.createService({
    name: 'bench',
    actions: {
      hold: ({ params }: Context<Message>) => service.hold(params),
      numbers: ({ params }: Context<{ count: number }>) => Readable.from(service.numbers(params.count)),
      ...Object.fromEntries(['echo', ...extraMethods(handlers)].map((name) => [name, echo])),
    },
    events: { 'bench.tick': ({ params }: Context<Message>) => service.tick(params) },
  });
}

export async function moleculerCaller(broker: ServiceBroker): Promise<Caller> {
  await broker.start();
  await broker.waitForServices('bench', 30_000, 20);
  return {
    method(name) {
      const action = `bench.${name}`;
      return (message) => broker.call<Message, Message>(action, message);
    },
    tick: () => (message) => broker.emit('bench.tick', message),
    numbers: () => async (count, each) => {
      const replies = await broker.call<AsyncIterable<Message>, { count: number }>('bench.numbers', { count });
      for await (const message of replies) each(message);
    },
    close: () => broker.stop(),
  };
}
