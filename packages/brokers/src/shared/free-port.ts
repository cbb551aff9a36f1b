import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what Linux (32768 up) and macOS (49152 up) give to outgoing connections. While a broker is stopped its clients
 * knock at its port; were it one of those, one of them would sooner or later get it, and be connected to itself.
 */
const first = 15_000;
const last = 32_000;

/** A port on 127.0.0.1 that nobody listens on now. Somebody may a moment later: who starts a server there tries again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + Math.floor(Math.random() * (last - first));
    if (await isFree(port)) return port;
  }
}

/** That many, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ host: '127.0.0.1', port, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
