import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';

/** Milliseconds that requests under way get to end; those that never would, such as a watch, are cut off then. */
const drainTime = 500;

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws Error when the port is in use. */
export async function serveHttp(app: Hono, port: number): Promise<HttpServer> {
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }) as Server;
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      const timer = setTimeout(() => server.closeAllConnections(), drainTime);
      await closed;
      clearTimeout(timer);
    },
  };
}
