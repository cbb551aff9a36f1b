import { createSocket } from 'node:dgram';
import { type EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what Linux (32768 up) and macOS (49152 up) give to outgoing connections. While a broker is stopped its clients
 * knock at its port; were it one of those, one of them would sooner or later get it, and be connected to itself.
 */
const first = 15_000;
const last = 32_000;

/**
 * A port on 127.0.0.1 that nobody listens on, and that is given to nobody else while this process lives: a broker that is
 * stopped finds it free when it is started again. Who does not ask here may take it all the same.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + Math.floor(Math.random() * (last - first));
    if (await take(port)) return port;
  }
}

/** That many, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

/** The sign that a port is given away is that its number is taken for UDP, which no broker uses: it ends with the process. */
async function take(port: number): Promise<boolean> {
  const sign = createSocket('udp4').bind({ port, address: '127.0.0.1', exclusive: true });
  if (!(await succeeds(sign))) return false;
  sign.unref();
  const server = createServer().listen({ host: '127.0.0.1', port, exclusive: true });
  if (!(await succeeds(server))) {
    sign.close();
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** @returns false where somebody has the port. */
async function succeeds(socket: EventEmitter): Promise<boolean> {
  try {
    await once(socket, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
