import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** https://kafka.apache.org/protocol.html#protocol_api_keys */
export const apis = {
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  SyncGroup: 14,
} as const;

export type Api = keyof typeof apis;

interface Loss {
  readonly api: number;
  readonly what: 'request' | 'answer';
  /** Only after an answer to such a request. */
  after: number | undefined;
  readonly happened: () => void;
}

/** A way to a broker that knows Kafka's requests: it loses one of them, or its answer, and the connection with it. */
export class FramePath implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #loss: Loss | undefined;

  private constructor(broker: string) {
    const port = Number(broker.split(':').at(-1));
    this.#server = createServer((client) => this.#join(client, connect({ host: '127.0.0.1', port })));
  }

  static async to(broker: string): Promise<FramePath> {
    const path = new FramePath(broker);
    path.#server.listen(0, '127.0.0.1');
    await once(path.#server, 'listening');
    return path;
  }

  /** The broker tells its own address: this leads every connection over the path. */
  readonly socketFactory: ISocketFactory = ({ onConnect }) =>
    connect({ host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port }, onConnect);

  /** The next one. Resolves when it is lost. */
  lose(what: 'request' | 'answer', api: Api, after?: Api): Promise<void> {
    return new Promise((resolve) => {
      this.#loss = {
        api: apis[api],
        what,
        after: after === undefined ? undefined : apis[after],
        happened: () => resolve(),
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #join(client: Socket, broker: Socket): void {
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => other.destroy());
    }
    /** What was asked, by correlation id. */
    const asked = new Map<number, number>();
    const pass = (to: Socket, frame: Buffer, what: Loss['what'], api: number | undefined): void => {
      if (this.#isLost(what, api)) client.resetAndDestroy();
      else to.write(frame);
    };
    client.on('data', (data: Buffer) => {
      for (const frame of requests.take(data)) {
        const api = frame.readInt16BE(4);
        asked.set(frame.readInt32BE(8), api);
        pass(broker, frame, 'request', api);
      }
    });
    broker.on('data', (data: Buffer) => {
      for (const frame of answers.take(data)) pass(client, frame, 'answer', asked.get(frame.readInt32BE(4)));
    });
    const [requests, answers] = [new Frames(), new Frames()];
  }

  #isLost(what: Loss['what'], api: number | undefined): boolean {
    const loss = this.#loss;
    if (loss === undefined) return false;
    if (loss.after !== undefined) {
      if (what === 'answer' && api === loss.after) loss.after = undefined;
      return false;
    }
    if (loss.what !== what || loss.api !== api) return false;
    this.#loss = undefined;
    loss.happened();
    return true;
  }
}

/** Each begins with its length, without those four bytes. */
class Frames {
  #rest: Buffer = Buffer.alloc(0);

  take(data: Buffer): Buffer[] {
    const frames: Buffer[] = [];
    let rest = Buffer.concat([this.#rest, data]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      frames.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    return frames;
  }
}
