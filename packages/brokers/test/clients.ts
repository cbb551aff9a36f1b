import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { RedisServer } from '../src/redis/index.ts';

/** A client that reconnects at once, and that the test's end disconnects. */
export function clientOf(server: RedisServer, name?: string, url = server.url): Redis {
  const client = new Redis(url, {
    retryStrategy: () => 20,
    ...(name === undefined ? {} : { connectionName: name }),
    ...(server.tls === undefined ? {} : { tls: server.tls }),
  });
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

/** A bare connection that the test's end destroys. */
export async function socketTo(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return socket;
}

/** Whether a process is there. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
