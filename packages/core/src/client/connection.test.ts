import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { clientOf } from '../../test/support/client-of.ts';
import { errorOf } from '../../test/support/error-of.ts';
import { answer, FakeLink, request } from '../../test/support/fake-link.ts';
import { connectsLater, FakeClient, FakeTransport } from '../../test/support/fake-transport.ts';
import { handled, inHandlerOf } from '../../test/support/handled.ts';
import { recordOf } from '../../test/support/records.ts';
import { currentContext } from '../context/index.ts';
import { RpcException } from '../errors/index.ts';
import { HandlerRegistry } from '../registry/index.ts';

const wrongPassword = () => Promise.reject(new RpcException('wrong password', { code: 401 }));

describe('connecting', () => {
  it('begins with the first call, once', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    expect(transport.clients).toHaveLength(0);
    expect(client.status.state).toBe('idle');
    const emitted = Promise.all([client.emit('saved'), client.emit('saved')]);
    expect(transport.clients).toHaveLength(1);
    expect(client.status.state).toBe('ready');
    await emitted;
    expect(transport.client.link.take()).toEqual(['event saved', 'event saved']);
  });

  it('can be done early', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await client.connect();
    await client.connect();
    expect(transport.clients).toHaveLength(1);
    expect(client.status.state).toBe('ready');
  });

  it('is waited for by the first calls, whatever is done in an outage', async () => {
    const transport = new FakeTransport({ outage: 'fail' });
    transport.clientBehaviour = connectsLater;
    const { client } = clientOf(transport);
    const reply = client.send('sum');
    expect(client.status.state).toBe('connecting');
    expect(client.pending).toBe(1);
    transport.client.attach();
    await tick();
    transport.client.receiver.receive(answer('reply', 1, { body: '7' }));
    expect(await reply).toBe(7);
    expect(client.pending).toBe(0);
  });

  it('does not keep the context of the handler that happens to call first', async () => {
    const contexts: unknown[] = [];
    const transport = new FakeTransport();
    transport.clientBehaviour = {
      connect: async (client) => {
        await tick();
        contexts.push(currentContext());
        client.attach();
      },
    };
    const { client } = clientOf(transport);
    await inHandlerOf(handled(), () => client.emit('saved'));
    expect(contexts).toEqual([undefined]);
  });

  it('that cannot succeed fails the calls with its reason; the next call tries anew', async () => {
    const transport = new FakeTransport();
    transport.clientBehaviour = { connect: wrongPassword };
    const { client, logger } = clientOf(transport);
    const failed = await Promise.all([errorOf(client.send('sum')), errorOf(client.connect())]);
    expect(failed).toMatchObject([{ code: 401 }, { code: 401 }]);
    expect(client.status).toMatchObject({ state: 'idle', reason: { code: 401 } });
    expect(transport.client.closes).toHaveLength(1);
    expect(logger.warnings).toEqual([expect.stringContaining('wrong password')]);
    transport.clientBehaviour = { connect: async (next) => void next.attach() };
    await client.connect();
    expect(transport.clients).toHaveLength(2);
    expect(client.status.state).toBe('ready');
  });

  it('that fails with something else than an RpcException is 503', async () => {
    const transport = new FakeTransport();
    const reason = new Error('ENOTFOUND');
    transport.clientBehaviour = { connect: () => Promise.reject(reason) };
    const { client } = clientOf(transport);
    expect(await errorOf(client.send('sum'))).toMatchObject({ name: 'RpcException', code: 503, cause: reason });
  });

  it.each<[string, (transport: FakeTransport) => void]>([
    [
      'connect',
      (transport) => {
        transport.clientBehaviour = {
          connect() {
            throw new Error('not even a promise');
          },
        };
      },
    ],
    [
      'createClient',
      (transport) => {
        transport.createClient = () => {
          throw new Error('not even a client');
        };
      },
    ],
  ])('that throws (%s) fails the calls, and leaves none behind', async (_name, breakIt) => {
    const transport = new FakeTransport();
    breakIt(transport);
    const { client } = clientOf(transport);
    expect(await errorOf(client.send('sum'))).toMatchObject({ name: 'RpcException', code: 503 });
    expect(client.pending).toBe(0);
    expect(await errorOf(client.connect())).toMatchObject({ code: 503 });
  });
});

describe('calls leave in the order they were made', () => {
  it('when the link comes up inside of connect', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await Promise.all(['one', 'two', 'three'].map((name) => client.emit(name)));
    expect(transport.client.link.take()).toEqual(['event one', 'event two', 'event three']);
  });

  it('when the link comes up later, and the next call is made in that very moment', async () => {
    const transport = new FakeTransport();
    transport.clientBehaviour = connectsLater;
    const { client } = clientOf(transport);
    const waiting = ['one', 'two'].map((name) => client.emit(name));
    transport.client.attach();
    await Promise.all([...waiting, client.emit('three')]);
    expect(transport.client.link.take()).toEqual(['event one', 'event two', 'event three']);
  });
});

describe('what a failed attempt says later', () => {
  it('does not keep the next call from trying: a link that it had attached', async () => {
    const transport = new FakeTransport();
    transport.clientBehaviour = {
      connect: (client) => {
        client.attach();
        return wrongPassword();
      },
    };
    const { client } = clientOf(transport);
    await client.connect();
    await tick();
    expect(client.status.state).toBe('idle');
    transport.clientBehaviour = { connect: async (next) => void next.attach() };
    await client.connect();
    expect(transport.clients).toHaveLength(2);
    expect(client.status.state).toBe('ready');
  });

  it('does not keep the next call from trying: that it is unreachable', async () => {
    const transport = new FakeTransport();
    transport.clientBehaviour = { connect: wrongPassword };
    const { client } = clientOf(transport);
    await errorOf(client.connect());
    transport.client.hub.unreachable('too late');
    transport.clientBehaviour = { connect: async (next) => void next.attach() };
    await client.connect();
    expect(client.status.state).toBe('ready');
  });

  it('does not disturb the next one', async () => {
    const transport = new FakeTransport();
    transport.clientBehaviour = { connect: wrongPassword };
    const { client } = clientOf(transport);
    await errorOf(client.connect());
    transport.clientBehaviour = { connect: async (next) => void next.attach() };
    await client.connect();
    transport.clients[0]?.attach().detach('late');
    expect(client.status.state).toBe('ready');
    await client.emit('saved');
    expect(transport.client.link.take()).toEqual(['event saved']);
  });
});

describe('an outage', () => {
  it('fails what was under way with 502, and calls made during it with 503 at once', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await client.connect();
    const under = errorOf(client.send('sum'));
    transport.client.receiver.lost('broker down');
    expect(await under).toMatchObject({ code: 502 });
    expect(await errorOf(client.send('sum'))).toMatchObject({
      code: 503,
      message: expect.stringContaining('broker down') as string,
    });
    expect(await errorOf(client.connect())).toMatchObject({ code: 503 });
    expect(client.status).toMatchObject({ state: 'disconnected', reason: { code: 503 } });
    transport.client.receiver.restored();
    expect(client.status.state).toBe('ready');
    await client.emit('saved');
  });

  it('is waited out by calls that are told so', async () => {
    const transport = new FakeTransport({ outage: 'wait' });
    const { client } = clientOf(transport);
    await client.connect();
    transport.client.receiver.lost('broker down');
    const reply = client.send('sum');
    expect(client.pending).toBe(1);
    transport.client.receiver.restored();
    await tick();
    transport.client.receiver.receive(answer('reply', 1, { body: '7' }));
    expect(await reply).toBe(7);
  });

  it('that lasts too long is 408 for them', async () => {
    const transport = new FakeTransport({ outage: 'wait', timeout: 10 });
    const { client } = clientOf(transport);
    await client.connect();
    transport.client.receiver.lost('broker down');
    expect(await errorOf(client.send('sum'))).toMatchObject({ code: 408 });
  });

  it('lets no more calls wait than `maxWaiting`', async () => {
    const transport = new FakeTransport({ maxWaiting: 1 });
    transport.clientBehaviour = connectsLater;
    const { client } = clientOf(transport);
    const first = errorOf(client.send('sum'));
    expect(await errorOf(client.send('sum'))).toMatchObject({ code: 429 });
    await client.close();
    expect(await first).toMatchObject({ code: 503 });
  });

  it('before the first link fails the calls that wait, and is retried by the transport', async () => {
    const transport = new FakeTransport();
    transport.clientBehaviour = connectsLater;
    const { client, logger } = clientOf(transport);
    const reply = errorOf(client.send('sum'));
    for (let time = 0; time < 3; time += 1) transport.client.hub.unreachable(new Error('ECONNREFUSED'));
    expect(await reply).toMatchObject({ code: 503, message: expect.stringContaining('ECONNREFUSED') as string });
    expect(client.status.state).toBe('disconnected');
    expect(logger.warnings).toHaveLength(1);
    transport.client.attach();
    expect(client.status.state).toBe('ready');
    expect(transport.clients).toHaveLength(1);
  });

  it('of one link of several is none', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await client.connect();
    const other = transport.client.attach();
    transport.client.receiver.lost('one down');
    transport.client.hub.unreachable('one down');
    expect(client.status.state).toBe('ready');
    await client.emit('saved');
    expect(transport.client.at(1).link.take()).toEqual(['event saved']);
    other.lost('both down');
    expect(client.status.state).toBe('disconnected');
  });

  it('of a link that is gone for good ends with the next that is attached', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await client.connect();
    transport.client.receiver.detach('ECONNRESET');
    expect(client.status.state).toBe('disconnected');
    transport.client.attach();
    expect(client.status.state).toBe('ready');
  });
});

describe('a service that goes away', () => {
  it('gets no new calls, and those it has are answered', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await client.connect();
    const under = client.send('sum');
    transport.client.receiver.drain();
    expect(client.status.state).toBe('connecting');
    transport.client.attach();
    await client.emit('saved');
    expect(transport.client.at(1).link.take()).toEqual(['event saved']);
    transport.client.receiver.receive(answer('reply', 1, { body: '7' }));
    expect(await under).toBe(7);
  });

  it('and is the only one: calls wait for the next', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await client.connect();
    transport.client.receiver.drain();
    const emitted = client.emit('saved');
    transport.client.attach();
    await emitted;
    expect(transport.client.at(1).link.take()).toEqual(['event saved']);
  });
});

describe('a client that serves', () => {
  const served = () => {
    const registry = new HandlerRegistry();
    registry.add(recordOf('message', 'sum', () => 7));
    return registry;
  };

  it('answers calls of the other side', async () => {
    const transport = new FakeTransport({ serve: true });
    const { client } = clientOf(transport, { registry: served() });
    await client.connect();
    expect(transport.client.hub.routes.messages).toEqual(['sum']);
    transport.client.receiver.receive(request());
    expect(transport.client.link.take()).toEqual(['last reply 7']);
  });

  it('is what a client is only when it is told to', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport, { registry: served() });
    await client.connect();
    expect(transport.client.hub.routes.messages).toEqual([]);
    transport.client.receiver.receive(request());
    expect(transport.client.link.take()).toEqual(['error 404']);
  });

  it('finishes its handlers when it closes, within the timeout', async () => {
    const hold = Promise.withResolvers<number>();
    const registry = new HandlerRegistry();
    registry.add(recordOf('message', 'sum', () => hold.promise));
    const transport = new FakeTransport({ serve: true });
    const { client } = clientOf(transport, { registry });
    await client.connect();
    transport.client.receiver.receive(request());
    expect(client.handling).toBe(1);
    const closed = client.close();
    hold.resolve(7);
    await closed;
    expect(transport.client.link.take()).toEqual(['last reply 7']);
    expect(client.handling).toBe(0);
  });
});

describe('close', () => {
  it('ends what is under way with 502 and a cancel, and what waits with 503', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await client.connect();
    const under = errorOf(client.send('sum'));
    await client.close();
    expect(await under).toMatchObject({ code: 502 });
    expect(transport.client.link.take()).toEqual(['request sum', 'cancel']);
    expect(client.pending).toBe(0);
    expect(client.status.state).toBe('closed');
  });

  it('while it connects ends the calls that wait with 503', async () => {
    const transport = new FakeTransport();
    const connecting = Promise.withResolvers<void>();
    transport.clientBehaviour = {
      connect: () => connecting.promise,
      close: async () => connecting.reject(new Error('closed')),
    };
    const { client, logger } = clientOf(transport);
    const waiting = errorOf(client.send('sum'));
    await client.close();
    expect(await waiting).toMatchObject({ code: 503, message: expect.stringContaining('closed') as string });
    await tick();
    expect(client.status.state).toBe('closed');
    expect(logger.lines).toEqual([]);
  });

  it('is idempotent, and closes the transport once', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await client.connect();
    await Promise.all([client.close(), client.close({ timeout: 1 }), client[Symbol.asyncDispose]()]);
    expect(transport.client.closes).toHaveLength(1);
  });

  it('of a client that was never used makes no connection', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await client.close();
    expect(transport.clients).toEqual([]);
    expect(client.status.state).toBe('closed');
  });

  it('makes later calls fail with 503', async () => {
    const transport = new FakeTransport({ outage: 'wait' });
    const { client } = clientOf(transport);
    await client.close();
    for (const call of [client.send('sum'), client.emit('saved'), client.connect()]) {
      expect(await errorOf(call)).toMatchObject({ code: 503, message: expect.stringContaining('closed') as string });
    }
    const replies = client.stream('sum')[Symbol.asyncIterator]();
    expect(await errorOf(replies.next())).toMatchObject({ code: 503 });
  });

  it('that the transport fails at is logged, and done', async () => {
    const transport = new FakeTransport();
    transport.clientBehaviour = {
      connect: async (client) => void client.attach(),
      close: () => Promise.reject(new Error('flush failed')),
    };
    const { client, logger } = clientOf(transport);
    await client.connect();
    await client.close();
    expect(client.status.state).toBe('closed');
    expect(logger.warnings).toHaveLength(1);
  });

  it('a link that comes late is of no use', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    await client.connect();
    await client.close();
    transport.client.attach();
    expect(client.status.state).toBe('closed');
    expect(await errorOf(client.send('sum'))).toMatchObject({ code: 503 });
  });
});

describe('unwrap', () => {
  it('gives the driver’s own object, once connected', async () => {
    const transport = new FakeTransport();
    const { client } = clientOf(transport);
    expect(() => client.unwrap(FakeClient)).toThrow(TypeError);
    await client.connect();
    expect(client.unwrap(FakeClient)).toBe(transport.client);
    expect(client.unwrap(FakeLink)).toBe(transport.client.link);
    expect(() => client.unwrap(Map)).toThrow(TypeError);
  });
});

it('the states of a life are told in their order', async () => {
  const transport = new FakeTransport();
  const { client } = clientOf(transport);
  const states: string[] = [];
  const completed = vi.fn<() => void>();
  client.status$.subscribe({ next: ({ state }) => states.push(state), complete: completed });
  await client.connect();
  transport.client.receiver.lost('x');
  transport.client.receiver.restored();
  await client.close();
  expect(states).toEqual(['idle', 'connecting', 'ready', 'disconnected', 'ready', 'closed']);
  expect(completed).toHaveBeenCalledOnce();
});
