import { type ClientProxy, RpcCode, RpcException } from '@parley/core';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { CreateUser, ExportUsers, GetUser, ListUsers, WatchNotifications } from '../contracts.ts';

interface Clients {
  readonly users: ClientProxy;
  readonly notifications: ClientProxy;
}

/** HTTP in, calls out. A request that its client gives up is given up here, too: `signal` cancels the call. */
export function routes({ users, notifications }: Clients, health: () => unknown): Hono {
  const app = new Hono();
  // While the users service restarts, reading waits for it. It is the contract that allows it: `idempotent: true`.
  const retry = { attempts: 10 };

  app.get('/users', async ({ req, json }) => {
    const { page, size } = req.query();
    // Text in, numbers out; what is no number the contract refuses.
    const request = { ...(page && { page: Number(page) }), ...(size && { size: Number(size) }) };
    return json(await users.send(ListUsers, request, { signal: req.raw.signal, retry }));
  });

  app.get('/users/export', () => streamed(users.stream(ExportUsers)));

  app.get('/users/:id', async ({ req, json }) => {
    const id = Number(req.param('id'));
    return json(await users.send(GetUser, { id }, { signal: req.raw.signal, retry }));
  });

  app.post('/users', async ({ req, json }) => {
    const newUser = await req.json().catch(() => {
      throw new RpcException('The body is no JSON', { code: RpcCode.BadRequest });
    });
    return json(await users.send(CreateUser, newUser, { signal: req.raw.signal }), 201);
  });

  app.get('/notifications', () => streamed(notifications.stream(WatchNotifications)));

  app.get('/health', ({ json }) => json(health()));

  // The codes of errors are HTTP's.
  app.onError((thrown, { json }) => {
    const error = RpcException.from(thrown);
    return json(error, error.code as ContentfulStatusCode);
  });

  return app;
}

/** One JSON text on each line, as fast as the client reads. When it leaves, the stream of replies is left, too. */
function streamed(replies: AsyncIterable<unknown>): Response {
  const lines = ReadableStream.from(toLines(replies)).pipeThrough(new TextEncoderStream());
  return new Response(lines, { headers: { 'content-type': 'application/x-ndjson; charset=utf-8' } });
}

async function* toLines(values: AsyncIterable<unknown>): AsyncIterable<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}
