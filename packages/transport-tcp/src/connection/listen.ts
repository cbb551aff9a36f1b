import { lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { listenError } from '../tcp-error.ts';
import { labelOf } from './target.ts';

/** Connections that may wait to be accepted; the kernel may allow fewer. */
const backlog = 511;

/**
 * Listens, on a socket file also if a dead process has left it behind.
 *
 * @throws RpcException (by rejecting) naming the address.
 */
export async function listenOn(
  server: Server,
  where: { host: string; port: number; path: string | undefined },
): Promise<void> {
  const { host, port, path } = where;
  try {
    if (path === undefined) return await attempt(server, { host, port, backlog });
    try {
      await attempt(server, { path, backlog });
    } catch (error) {
      if (!(await isStale(path, error))) throw error;
      await unlink(path);
      await attempt(server, { path, backlog });
    }
  } catch (error) {
    throw listenError(error, path ?? labelOf(host, port));
  }
}

function attempt(
  server: Server,
  options: { host: string; port: number; backlog: number } | { path: string; backlog: number },
) {
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Whether the address is in use by a socket file only, behind which nobody is. */
async function isStale(path: string, error: unknown): Promise<boolean> {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return false;
  const isSocket = await lstat(path).then(
    (file) => file.isSocket(),
    () => false,
  );
  return isSocket && (await isRefused(path));
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'));
  });
}
