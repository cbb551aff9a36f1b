import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  Client,
  credentials,
  loadPackageDefinition,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Caller, Contestant } from '../contestant.ts';
import type { Message, Service } from '../service.ts';

const definition = loadSync(fileURLToPath(new URL('./bench.proto', import.meta.url)));
const { bench } = loadPackageDefinition(definition) as unknown as { bench: { Bench: { service: ServiceDefinition } } };
const { service: methods } = bench.Bench;

/** gRPC knows no events: they are calls with an empty answer, of which no more are made than can be awaited. */
export const contestant: Contestant = {
  async serve(service) {
    const server = new Server();
    server.addService(methods, implementation(service));
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return { address: String(port), close: async () => server.forceShutdown() };
  },

  async connect({ address }) {
    const client = new Client(`127.0.0.1:${address}`, credentials.createInsecure(), {
      // Without it all clients of a process share one connection.
      'grpc.use_local_subchannel_pool': 1,
    });
    await new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve()));
    });
    return caller(client);
  },
};

function implementation(service: Service) {
  return {
    Echo: ({ request }: ServerUnaryCall<Message, Message>, done: sendUnaryData<Message>) =>
      done(null, service.echo(request)),
    Hold: async ({ request }: ServerUnaryCall<Message, Message>, done: sendUnaryData<Message>) =>
      done(null, await service.hold(request)),
    Tick: ({ request }: ServerUnaryCall<Message, object>, done: sendUnaryData<object>) => {
      service.tick(request);
      done(null, {});
    },
    Count: async (call: ServerWritableStream<{ count: number }, Message>) => {
      for (const message of service.numbers(call.request.count)) if (!call.write(message)) await once(call, 'drain');
      call.end();
    },
  };
}

function caller(client: Client): Caller {
  const unary = (name: string) => {
    const { path, requestSerialize, responseDeserialize } = methods[name] as MethodDefinition<Message, Message>;
    return (message: Message): Promise<Message> =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, (error, reply) => {
          if (error === null && reply !== undefined) resolve(reply);
          else reject(error ?? new Error('no reply'));
        });
      });
  };
  return {
    method(name) {
      const method = { echo: 'Echo', hold: 'Hold' }[name];
      if (method === undefined) throw new Error(`no method ${name}: they are in bench.proto`);
      return unary(method);
    },
    tick: () => unary('Tick'),
    numbers: () => async (count, each) => {
      const { path, requestSerialize, responseDeserialize } = methods['Count'] as MethodDefinition<
        { count: number },
        Message
      >;
      const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { count });
      call.on('data', each);
      await once(call, 'end');
    },
    async close() {
      client.close();
    },
  };
}
