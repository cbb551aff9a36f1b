import { setImmediate as tick } from 'node:timers/promises';
import { firstValueFrom, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clientOf } from '../../test/support/client-of.ts';
import { errorOf } from '../../test/support/error-of.ts';
import { answer, type FakeLink, failure } from '../../test/support/fake-link.ts';
import { FakeTransport } from '../../test/support/fake-transport.ts';
import type { Request } from '../envelope/index.ts';
import { event, message } from '../patterns/index.ts';
import type { Receiver } from '../seam/index.ts';
import type { ClientCall, ClientInterceptor } from './client-interceptor.ts';
import type { ClientProxy } from './client-proxy.ts';

async function connected(interceptors: readonly ClientInterceptor[] = []) {
  const transport = new FakeTransport();
  const { client } = clientOf(transport, { interceptors });
  await client.connect();
  const { link, receiver } = transport.client;
  return { client, link, receiver };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await tick();
}

const answered = new WeakSet<Request>();

/** Answers the stream that has been, or will be, asked for next with these replies. */
async function streamBack(link: FakeLink, receiver: Receiver, bodies: readonly string[]): Promise<void> {
  const next = () => link.requests.find((request) => !answered.has(request));
  await until(() => next() !== undefined);
  const request = next() as Request;
  answered.add(request);
  const id = Number(request.id);
  for (const body of bodies) receiver.receive(answer('reply', id, { body, last: false }));
  receiver.receive(answer('complete', id));
}

async function readAll(replies: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of replies) values.push(value);
  return values;
}

const GetUser = message('users.get', { request: z.object({ id: z.number() }), reply: z.object({ name: z.string() }) });

describe('a client', () => {
  it('sends, and gives the reply of the contract', async () => {
    const { client, link, receiver } = await connected();
    const user = client.send(GetUser, { id: 7 });
    expect(link.lastRequest).toMatchObject({ pattern: 'users.get', body: '{"id":7}', credit: 0 });
    receiver.receive(answer('reply', 1, { body: '{"name":"Ada"}' }));
    expect(await user).toEqual({ name: 'Ada' });
  });

  it('emits', async () => {
    const { client, link } = await connected();
    await client.emit(event('user.created'), { id: 7 }, { key: 'a' });
    expect(link.sent).toMatchObject([{ kind: 'event', pattern: 'user.created', key: 'a' }]);
  });

  it('reads streams', async () => {
    const { client, link, receiver } = await connected();
    const [values] = await Promise.all([readAll(client.stream('count')), streamBack(link, receiver, ['1', '2'])]);
    expect(values).toEqual([1, 2]);
  });

  it('closes by `await using`', async () => {
    const { client } = await connected();
    {
      await using scoped = client;
      expect(scoped.status.state).toBe('ready');
    }
    expect(client.status.state).toBe('closed');
  });

  it('tells what is wrong with a call by rejecting, not by throwing', async () => {
    const { client } = await connected();
    const bad = [
      client.send(''),
      client.emit('a.*'),
      client.send('a', 1, { timeout: -1 }),
      client.send(event('a') as unknown as string),
    ];
    for (const outcome of bad) expect(await errorOf(outcome)).toMatchObject({ name: 'RpcException', code: 400 });
    expect(await errorOf(readAll(client.stream('')))).toMatchObject({ code: 400 });
  });
});

describe('as an Observable', () => {
  it('a stream is asked for once for each subscription', async () => {
    const { client, link, receiver } = await connected();
    const replies = client.sendAsObservable('count', 1);
    await tick();
    expect(link.sent).toEqual([]);
    for (let time = 1; time <= 2; time += 1) {
      const [values] = await Promise.all([
        firstValueFrom(replies.pipe(toArray())),
        streamBack(link, receiver, ['1', '2']),
      ]);
      expect(values).toEqual([1, 2]);
    }
    expect(link.requests).toHaveLength(2);
  });

  it('an error is an error', async () => {
    const { client, link, receiver } = await connected();
    const failed = errorOf(firstValueFrom(client.sendAsObservable('count')));
    await until(() => link.requests.length === 1);
    receiver.receive(failure(1, 409));
    expect(await failed).toMatchObject({ code: 409 });
  });

  it('unsubscribing cancels, before the first reply and after it', async () => {
    const { client, link, receiver } = await connected();
    const subscription = client.sendAsObservable('count').subscribe();
    await until(() => link.requests.length === 1);
    subscription.unsubscribe();
    await until(() => link.take().includes('cancel'));
    const first = firstValueFrom(client.sendAsObservable('count').pipe(take(1)));
    await until(() => link.requests.length === 1);
    receiver.receive(answer('reply', 2, { body: '1', last: false }));
    expect(await first).toBe(1);
    await until(() => link.take().includes('cancel'));
    expect(client.pending).toBe(0);
  });

  it('unsubscribing at once asks for nothing that is not cancelled', async () => {
    const { client, link } = await connected();
    client.sendAsObservable('count').subscribe().unsubscribe();
    await tick();
    await tick();
    expect(['', 'request count,cancel']).toContain(link.take().join());
    expect(client.pending).toBe(0);
  });

  it('ends with 429 for a subscriber that cannot keep up, or lets it have its time', async () => {
    const { client, link, receiver } = await connected();
    const values: unknown[] = [];
    const ended = new Promise<unknown>((resolve) => {
      client.sendAsObservable('count', 1, { buffer: 2 }).subscribe({
        next: (value) => values.push(value),
        complete: () => resolve('complete'),
        error: resolve,
      });
    });
    await streamBack(link, receiver, ['1', '2']);
    expect(await ended).toBe('complete');
    expect(values).toEqual([1, 2]);
  });
});

describe('interceptors', () => {
  const tagging: ClientInterceptor = (call, next) =>
    next({ ...call, options: { ...call.options, headers: { ...call.options.headers, tenant: 'a' } } });

  it('see every kind of call, with the client’s name', async () => {
    const seen: ClientCall[] = [];
    const { client, link, receiver } = await connected([
      (call, next) => {
        seen.push(call);
        return next();
      },
    ]);
    const reply = client.send('sum', 1, { timeout: 5000 });
    await until(() => link.requests.length === 1);
    receiver.receive(answer('reply', 1));
    await reply;
    await client.emit('saved', 2);
    link.take();
    await Promise.all([readAll(client.stream('count', 3, { buffer: 4 })), streamBack(link, receiver, ['1'])]);
    expect(seen).toEqual([
      { kind: 'send', target: 'sum', data: 1, options: { timeout: 5000 }, client: 'main' },
      { kind: 'emit', target: 'saved', data: 2, options: {}, client: 'main' },
      { kind: 'stream', target: 'count', data: 3, options: { buffer: 4 }, client: 'main' },
    ]);
  });

  it('may change what is sent, and the caller’s options stay as they are', async () => {
    const { client, link } = await connected([tagging]);
    const options = Object.freeze({ headers: Object.freeze({ trace: 'x' }) });
    await client.emit('saved', 1, options);
    void client.send('sum', 1, options).catch(() => undefined);
    const replies = client.stream('count', 1, options)[Symbol.asyncIterator]();
    void replies.next().catch(() => undefined);
    await until(() => link.sent.length === 3);
    for (const envelope of link.sent) {
      expect({ ...(envelope as { headers: object }).headers }).toEqual({ trace: 'x', tenant: 'a' });
    }
    await client.close();
  });

  it('may answer without the other side', async () => {
    async function* cached() {
      yield 'from the cache';
    }
    const { client, link } = await connected([({ kind }) => (kind === 'stream' ? cached() : 'from the cache')]);
    expect(await client.send('sum')).toBe('from the cache');
    expect(await readAll(client.stream('count'))).toEqual(['from the cache']);
    expect(link.sent).toEqual([]);
  });

  it('may wrap a stream; each iteration runs them anew, and leaving reaches the source', async () => {
    const doubling: ClientInterceptor = async (_call, next) => {
      const replies = (await next()) as AsyncIterable<number>;
      return (async function* () {
        for await (const value of replies) yield value * 2;
      })();
    };
    const { client, link, receiver } = await connected([doubling]);
    const stream = client.stream('count');
    for (let time = 0; time < 2; time += 1) {
      const [values] = await Promise.all([readAll(stream), streamBack(link, receiver, ['1', '2'])]);
      expect(values).toEqual([2, 4]);
    }
    link.take();
    const first = (async () => {
      for await (const value of stream) return value;
      return undefined;
    })();
    await until(() => link.requests.length === 1);
    receiver.receive(answer('reply', 3, { body: '7', last: false }));
    expect(await first).toBe(14);
    await until(() => link.take().includes('cancel'));
  });

  it.each([undefined, null, 5, {}, [1]])('that give no stream for a stream fail it with 500: %j', async (nothing) => {
    const { client } = await connected([() => nothing]);
    expect(await errorOf(readAll(client.stream('count')))).toMatchObject({ name: 'RpcException', code: 500 });
  });

  it('that fail end the call with an RpcException', async () => {
    const throwing: ClientInterceptor = () => {
      throw new Error('no token');
    };
    const { client } = await connected([throwing]);
    const calls = (it: ClientProxy) => [it.send('a'), it.emit('a'), readAll(it.stream('a'))];
    for (const call of calls(client)) expect(await errorOf(call)).toMatchObject({ name: 'RpcException', code: 500 });
  });

  it('run once around all retries', async () => {
    let runs = 0;
    const { client, link, receiver } = await connected([
      (_call, next) => {
        runs += 1;
        return next();
      },
    ]);
    const reply = client.send('sum', 1, { retry: { attempts: 2, backoff: { initial: 1, max: 1 } } });
    await until(() => link.requests.length === 1);
    receiver.receive(failure(1, 503));
    await until(() => link.requests.length === 2);
    receiver.receive(answer('reply', 2, { body: '7' }));
    expect(await reply).toBe(7);
    expect(runs).toBe(1);
  });
});
