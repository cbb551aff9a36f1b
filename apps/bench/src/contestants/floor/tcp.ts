import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Caller, ConnectSetup, Contestant, Served, ServeSetup } from '../contestant.ts';
import type { Message, Service } from '../service.ts';
import { FrameSocket } from './frame-socket.ts';
import { handlersOf, methodNumber } from './methods.ts';
import { Pending } from './pending.ts';

const Kind = { request: 0, reply: 1, event: 2, stream: 3, next: 4, end: 5 } as const;

/** A hand-written minimum over node:net. */
export const contestant: Contestant = {
  async serve(service: Service, setup: ServeSetup): Promise<Served> {
    const handlers = handlersOf(service, setup);
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      serveSocket(socket, service, handlers);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      address: String((server.address() as AddressInfo).port),
      async close() {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, 'close');
      },
    };
  },

  async connect(setup: ConnectSetup): Promise<Caller> {
    const socket = connect(Number(setup.address), '127.0.0.1');
    await once(socket, 'connect');
    const pending = new Pending();
    let each: ((message: Message) => void) | undefined;
    const frames = new FrameSocket(socket, (id, kind, _method, text) => {
      if (kind === Kind.reply) pending.settle(id, JSON.parse(text));
      else if (kind === Kind.next) each?.(JSON.parse(text));
      else pending.settle(id, { n: 0, t: '' });
    });
    return {
      method(name) {
        const method = methodNumber(name, setup);
        return (message) =>
          new Promise((resolve) => {
            frames.write(pending.add(resolve), Kind.request, method, JSON.stringify(message));
          });
      },
      tick: () => (message) => {
        frames.write(0, Kind.event, 0, JSON.stringify(message));
        return frames.whenFree();
      },
      numbers: () => async (count, onEach) => {
        each = onEach;
        await new Promise<Message>((resolve) => {
          frames.write(pending.add(resolve), Kind.stream, 0, JSON.stringify(count));
        });
      },
      async close() {
        socket.destroy();
      },
    };
  },
};

function serveSocket(socket: Socket, service: Service, handlers: ReturnType<typeof handlersOf>): void {
  const frames = new FrameSocket(socket, (id, kind, method, text) => {
    if (kind === Kind.event) return service.tick(JSON.parse(text));
    if (kind === Kind.stream) return void sendNumbers(frames, id, service.numbers(JSON.parse(text)));
    const reply = handlers[method]?.(JSON.parse(text));
    if (reply instanceof Promise) {
      void reply.then((message) => frames.write(id, Kind.reply, 0, JSON.stringify(message)));
    } else {
      frames.write(id, Kind.reply, 0, JSON.stringify(reply));
    }
  });
}

async function sendNumbers(frames: FrameSocket, id: number, numbers: Iterable<Message>): Promise<void> {
  for (const message of numbers) {
    frames.write(id, Kind.next, 0, JSON.stringify(message));
    const free = frames.whenFree();
    if (free !== undefined) await free;
  }
  frames.write(id, Kind.end, 0, '');
}
