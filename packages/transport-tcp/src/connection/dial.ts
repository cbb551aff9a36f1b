import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type RpcException } from '@parley/core/transport';
import { connectError } from '../tcp-error.ts';
import type { TcpTlsOptions } from '../tls-options.ts';
import type { Target } from './target.ts';

/**
 * Connects to the target, secure where TLS is asked for. The caller owns the socket, and may destroy it meanwhile,
 * which rejects.
 *
 * @throws RpcException (by rejecting) 503, or another code when trying again cannot help.
 */
export function dial(target: Target, tls: TcpTlsOptions | undefined): { socket: Socket; connected: Promise<void> } {
  let socket: Socket;
  let event: 'connect' | 'secureConnect';
  if (tls === undefined) {
    event = 'connect';
    socket = connectPlain({ ...target.address, noDelay: true });
  } else {
    event = 'secureConnect';
    socket = connectTls({ ...tls, ...target.address }).setNoDelay(true);
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (error?: Error): void => reject(refusal(error, target));
  const closed = (): void => failed();
  socket.once('error', failed).once('close', closed);
  socket.once('connect', () => {
    if (isSelf(socket)) socket.resetAndDestroy();
  });
  socket.once(event, () => {
    socket.off('error', failed).off('close', closed);
    if (socket.destroyed) reject(connectError({ code: 'ECONNREFUSED' }, target.label));
    else resolve();
  });
  return { socket, connected: promise };
}

function refusal(error: Error | undefined, target: Target): RpcException {
  return connectError(error ?? { code: 'ECONNRESET' }, target.label);
}

/**
 * Where nobody listens on a port of the range that outgoing connections come from, the kernel may choose that very
 * port for this one and connect it to itself; it would even keep the server from coming back.
 */
function isSelf({ localPort, remotePort, localAddress, remoteAddress }: Socket): boolean {
  return localPort !== undefined && localPort === remotePort && localAddress === remoteAddress;
}
