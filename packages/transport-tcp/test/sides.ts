import { connect, Server, type Socket } from 'node:net';
import type { BaseClient, BaseTransporter, Link } from '@parley/core/transport';
import { onTestFinished } from 'vitest';
import type { Frame, Refused } from '../src/frame/frame.ts';
import { type TcpOptions, tcp } from '../src/index.ts';
import { echoHub, FakeHub, type FakeReceiver, until } from './fake-hub.ts';
import { encode, newReader } from './frames.ts';

/** A server that the test's end closes. */
export async function serve(
  options: TcpOptions = {},
  hub: FakeHub = echoHub(),
): Promise<{ hub: FakeHub; transporter: BaseTransporter; port: number }> {
  const where = options.path === undefined ? { port: 0, ...options } : options;
  const transporter = tcp(where).createTransporter();
  onTestFinished(() => transporter.close(0));
  await transporter.listen(hub);
  const address = transporter.unwrap(Server).address();
  return { hub, transporter, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

/** A client with its first link, that the test's end closes. */
export async function join(
  options: TcpOptions,
  hub: FakeHub = new FakeHub(),
): Promise<{ hub: FakeHub; client: BaseClient; link: Link; receiver: FakeReceiver }> {
  const client = tcp(options).createClient();
  onTestFinished(() => client.close(0));
  await client.connect(hub);
  const [receiver] = hub.receivers;
  if (receiver === undefined) throw new Error('connected without a link');
  return { hub, client, link: receiver.link, receiver };
}

/** A server and a client of it. */
export async function pair(options: TcpOptions = {}, serverHub?: FakeHub, clientHub?: FakeHub) {
  const server = await serve(options, serverHub);
  const client = await join({ ...options, port: server.port }, clientHub);
  await until(() => server.hub.receivers.length > 0, 'the server to have the link');
  return { server, client };
}

export const hello: Frame = { kind: 'hello', major: 1, minor: 0, maxBody: 16_777_216, name: 'raw' };

/** A socket in the hands of the test, for peers that do not behave. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: (Frame | Refused)[] = [];
  isEnded = false;
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const { frames, reader } = newReader(64 * 1_048_576);
    this.frames = frames;
    socket.on('data', (chunk: Buffer) => reader.read(chunk));
    socket.on('error', () => undefined);
    socket.on('end', () => {
      this.isEnded = true;
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
    onTestFinished(() => void socket.destroy());
  }

  static async connect(port: number): Promise<RawPeer> {
    const peer = new RawPeer(connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }));
    await new Promise((resolve) => peer.socket.once('connect', resolve));
    return peer;
  }

  send(...frames: Frame[]): void {
    this.socket.write(encode(...frames));
  }

  async next<Kind extends (Frame | Refused)['kind']>(kind: Kind): Promise<Extract<Frame | Refused, { kind: Kind }>> {
    const find = (): Frame | Refused | undefined => this.frames.find((frame) => frame.kind === kind);
    await until(() => find() !== undefined, `a frame of kind ${kind}`);
    const frame = find() as Extract<Frame | Refused, { kind: Kind }>;
    this.frames.splice(this.frames.indexOf(frame), 1);
    return frame;
  }

  async closed(): Promise<void> {
    await until(() => this.isClosed || this.isEnded, 'the connection to be closed');
  }
}

/** A server of the test's own that speaks raw frames. */
export async function rawServer(onPeer: (peer: RawPeer) => void, port = 0): Promise<{ port: number; server: Server }> {
  const sockets: Socket[] = [];
  const server = new Server({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    onPeer(new RawPeer(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}
