import { setImmediate as tick } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { FakeLink, request } from '../../test/support/fake-link.ts';
import { FakeTransport } from '../../test/support/fake-transport.ts';
import { LogBook } from '../../test/support/log-book.ts';
import { recordOf } from '../../test/support/records.ts';
import { RpcException } from '../errors/index.ts';
import { type HandlerFunction, HandlerRegistry } from '../registry/index.ts';
import { ServerEndpoint } from './server-endpoint.ts';

function serve(handle: HandlerFunction = () => 7) {
  const registry = new HandlerRegistry();
  registry.add(recordOf('message', 'sum', handle));
  const transport = new FakeTransport();
  const logger = new LogBook();
  return {
    transport,
    logger,
    server: new ServerEndpoint({ name: 'main', transport, registry, interceptors: [], logger }),
  };
}

const unavailable = new RpcException('the broker is down', { code: 503 });

afterEach(() => {
  vi.useRealTimers();
});

describe('a server', () => {
  it('goes through its life, and tells it', async () => {
    const { server, transport } = serve();
    expect(server.state).toBe('idle');
    expect(() => server.transporter).toThrow(TypeError);
    const started = server.start(1000);
    expect(server.state).toBe('starting');
    await started;
    expect(server.state).toBe('ready');
    expect(server.transporter).toBe(transport.transporter);
    const paused = server.pause();
    expect(server.state).toBe('draining');
    await paused;
    await server.finish(1000);
    await server.close(1000);
    await server.close(1000);
    expect(server.state).toBe('closed');
    expect(transport.transporter.log).toEqual(['listen', 'pause', 'close']);
    expect(server.since).toBeInstanceOf(Date);
  });

  it('serves the handlers of its registry on each link', async () => {
    const { server, transport } = serve();
    await server.start(1000);
    const links = [new FakeLink(), new FakeLink()];
    for (const link of links) transport.transporter.hub.attach(link).receive(request());
    for (const link of links) expect(link.take()).toEqual(['last reply 7']);
    expect(transport.transporter.hub.routes.messages).toEqual(['sum']);
  });

  it('tries again when the broker is down, each time with a new transporter', async () => {
    vi.useFakeTimers();
    const { server, transport, logger } = serve();
    let tries = 0;
    transport.transporterBehaviour = {
      listen: async () => {
        tries += 1;
        if (tries < 4) throw unavailable;
      },
    };
    const started = server.start(60_000);
    await vi.advanceTimersByTimeAsync(10_000);
    await started;
    expect(server.state).toBe('ready');
    expect(transport.transporters).toHaveLength(4);
    for (const { log } of transport.transporters.slice(0, 3)) expect(log).toEqual(['listen', 'close']);
    expect(logger.warnings.length).toBeGreaterThan(0);
  });

  it('gives up a try that hangs when its time is over', async () => {
    vi.useFakeTimers();
    const { server, transport } = serve();
    transport.transporterBehaviour = { listen: () => new Promise(() => undefined) };
    const error = errorOf(server.start(3000));
    await vi.advanceTimersByTimeAsync(2999);
    expect(server.state).toBe('starting');
    await vi.advanceTimersByTimeAsync(1);
    expect(await error).toMatchObject({ code: 503, message: expect.stringContaining('"startTimeout"') as string });
    expect(server.state).toBe('closed');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says why the tries before failed, when the last one runs out of time', async () => {
    vi.useFakeTimers();
    const { server, transport } = serve();
    let tries = 0;
    transport.transporterBehaviour = {
      listen: () => {
        tries += 1;
        return tries === 1 ? Promise.reject(unavailable) : new Promise(() => undefined);
      },
    };
    const error = errorOf(server.start(3000));
    await vi.advanceTimersByTimeAsync(3000);
    expect(await error).toMatchObject({
      code: 503,
      message: expect.stringContaining('the broker is down') as string,
      cause: unavailable,
    });
  });

  it('without its broker says so, and says when it is back', async () => {
    const { server, transport, logger } = serve();
    await server.start(1000);
    const before = server.since;
    const broker = transport.transporter.hub.attach(new FakeLink({ shared: false }));
    broker.lost(new Error('ECONNRESET'));
    expect(server.state).toBe('disconnected');
    expect(server.since.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(logger.warnings).toEqual([
      expect.stringContaining('disconnected, nothing arrives; trying again: ECONNRESET'),
    ]);
    broker.lost(new Error('ECONNREFUSED'));
    broker.restored();
    expect(server.state).toBe('ready');
    expect(logger.warnings).toEqual([expect.anything(), expect.stringMatching(/connected again, after \d+\.\d s$/)]);
    broker.lost(new Error('ECONNRESET'));
    await server.pause();
    expect(server.state).toBe('draining');
    broker.restored();
    expect(server.state).toBe('draining');
    await server.close(1000);
  });

  it('does not mind when one of its connections is lost', async () => {
    const { server, transport, logger } = serve();
    await server.start(1000);
    transport.transporter.hub.attach(new FakeLink()).lost(new Error('ECONNRESET'));
    expect(server.state).toBe('ready');
    expect(logger.lines).toEqual([]);
  });

  it('gives up in its time', async () => {
    vi.useFakeTimers();
    const { server, transport } = serve();
    transport.transporterBehaviour = { listen: () => Promise.reject(unavailable) };
    const error = errorOf(server.start(5000));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await error).toBe(unavailable);
    expect(server.state).toBe('closed');
    expect(vi.getTimerCount()).toBe(0);
    for (const { log } of transport.transporters) expect(log).toEqual(['listen', 'close']);
  });

  it.each<[unknown, object]>([
    [new RpcException('wrong password', { code: 401 }), { code: 401, message: 'wrong password' }],
    [new Error('EADDRINUSE'), { code: 500, message: 'The server "main" cannot listen: EADDRINUSE' }],
    ['text', { code: 500, message: 'The server "main" cannot listen: text' }],
    [undefined, { code: 500 }],
    [Object.create(null), { code: 500 }],
  ])('gives up at once when trying again is pointless: %o', async (reason, expected) => {
    const { server, transport } = serve();
    transport.transporterBehaviour = { listen: () => Promise.reject(reason) };
    expect(await errorOf(server.start(60_000))).toMatchObject({ name: 'RpcException', ...expected });
    expect(transport.transporters).toHaveLength(1);
    expect(transport.transporter.log).toEqual(['listen', 'close']);
    expect(server.state).toBe('closed');
  });

  it('whose transport throws instead of rejecting fails, too', async () => {
    const { server, transport } = serve();
    transport.createTransporter = () => {
      throw new Error('not even a transporter');
    };
    expect(await errorOf(server.start(1000))).toMatchObject({
      name: 'RpcException',
      message: expect.stringContaining('not even') as string,
    });
    expect(server.state).toBe('closed');
  });

  it('that is to stop while it tries stops, and closes what it had begun once', async () => {
    const { server, transport } = serve();
    const listening = Promise.withResolvers<void>();
    transport.transporterBehaviour = {
      listen: () => listening.promise,
      close: async () => listening.reject(new Error('closed')),
    };
    const error = errorOf(server.start(60_000));
    await tick();
    server.stopStarting();
    expect(await error).toMatchObject({
      code: 503,
      message: expect.stringContaining('closed before it listened') as string,
    });
    expect(transport.transporter.log).toEqual(['listen', 'close']);
    expect(server.state).toBe('closed');
  });

  it('that is to stop while it waits for its next try stops at once', async () => {
    vi.useFakeTimers();
    const { server, transport } = serve();
    transport.transporterBehaviour = { listen: () => Promise.reject(unavailable) };
    const error = errorOf(server.start(60_000));
    await vi.advanceTimersByTimeAsync(0);
    server.stopStarting();
    expect(await error).toMatchObject({ code: 503 });
    expect(vi.getTimerCount()).toBe(0);
    for (const { log } of transport.transporters) expect(log).toEqual(['listen', 'close']);
  });

  it('that pauses handles what is on its way, and refuses with 503 what comes after', async () => {
    const { server, transport } = serve();
    const pausing = Promise.withResolvers<void>();
    transport.transporterBehaviour = { pause: () => pausing.promise };
    await server.start(1000);
    const link = new FakeLink();
    const receiver = transport.transporter.hub.attach(link);
    const paused = server.pause();
    receiver.receive(request({ id: 1 }));
    pausing.resolve();
    await paused;
    receiver.receive(request({ id: 2 }));
    expect(link.take()).toEqual(['last reply 7', 'error 503']);
  });

  it('lets its handlers finish, and detaches what the transport has left', async () => {
    const hold = Promise.withResolvers<number>();
    const { server, transport } = serve(() => hold.promise);
    await server.start(1000);
    const link = new FakeLink();
    transport.transporter.hub.attach(link).receive(request());
    expect(server.handling).toBe(1);
    await server.pause();
    const finished = server.finish(60_000);
    hold.resolve(8);
    await finished;
    expect(link.take()).toEqual(['last reply 8']);
    await server.close(1000);
    expect(server.handling).toBe(0);
  });

  it('logs what its transport fails at, and goes on', async () => {
    const { server, transport, logger } = serve();
    transport.transporterBehaviour = {
      pause: () => Promise.reject(new Error('no pause')),
      close: () => Promise.reject(new Error('no close')),
    };
    await server.start(1000);
    await server.pause();
    await server.finish(0);
    await server.close(0);
    expect(server.state).toBe('closed');
    expect(logger.warnings).toHaveLength(2);
  });

  it('that was never started closes without a word', async () => {
    const { server, transport, logger } = serve();
    await server.pause();
    await server.close(0);
    expect(server.state).toBe('closed');
    expect(transport.transporters).toEqual([]);
    expect(logger.lines).toEqual([]);
  });
});
