import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { answer, FakeLink, request } from '../../test/support/fake-link.ts';
import { FakeTransport, type TransporterBehaviour } from '../../test/support/fake-transport.ts';
import { LogBook } from '../../test/support/log-book.ts';
import type { ClientProxy } from '../client/index.ts';
import type { MessageContext } from '../context/index.ts';
import { RpcException } from '../errors/index.ts';
import { createMicroservices } from './create-microservices.ts';
import { provideMicroservices } from './provide-microservices.ts';

const never = new Promise<never>(() => undefined);
/** What a transport or its client may be late with closing. */
const grace = 2000;

function hostOf(behaviour: TransporterBehaviour = {}) {
  const transport = new FakeTransport({ timeout: 0 });
  transport.transporterBehaviour = behaviour;
  const logger = new LogBook();
  const host = createMicroservices({
    providers: [provideMicroservices([{ token: 'main', options: transport }])],
    logger,
  });
  return { host, transport, logger };
}

/** Whether a promise has settled by now. */
function watch(promise: Promise<unknown>): { settled: boolean } {
  const watched = { settled: false };
  const settle = () => {
    watched.settled = true;
  };
  promise.then(settle, settle);
  return watched;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('close', () => {
  it('closes once, however often and whenever it is called', async () => {
    const { host, transport } = hostOf();
    await host.start();
    await Promise.all([host.close(), host.close({ timeout: 0 })]);
    await host.close();
    expect(transport.transporter.log).toEqual(['listen', 'pause', 'close']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is what the end of an `await using` does', async () => {
    const { host, transport } = hostOf();
    {
      await using started = host;
      await started.start();
    }
    expect(transport.transporter.log).toEqual(['listen', 'pause', 'close']);
  });

  it('before start keeps it from starting', async () => {
    const { host, transport } = hostOf();
    await host.close();
    expect(await errorOf(host.start())).toMatchObject({
      name: 'RpcException',
      code: 503,
      message: 'The host is closed',
    });
    expect(transport.transporters).toEqual([]);
  });

  it('pauses, lets handlers finish and call, closes the transporters, then the clients', async () => {
    const log: string[] = [];
    const note = async (what: string) => void log.push(what);
    const { host, transport } = hostOf({ pause: () => note('pause'), close: () => note('close') });
    transport.clientBehaviour = {
      connect: async (client) => {
        client.attach();
      },
      close: () => note('close client'),
    };
    const hold = Promise.withResolvers<void>();
    host.message('sum', async () => {
      await hold.promise;
      log.push('handler');
      return host.get<ClientProxy>('main').send('other');
    });
    await host.start();
    const link = new FakeLink();
    transport.transporter.hub.attach(link).receive(request());
    const closing = watch(host.close());
    await vi.advanceTimersByTimeAsync(0);
    expect(log).toEqual(['pause']);
    expect(host.health()).toMatchObject({ main: { transporter: { state: 'draining', handling: 1 } } });

    hold.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(log).toEqual(['pause', 'handler']);
    const { client } = transport;
    client.receiver.receive(answer('reply', client.link.lastRequest.id as number, { body: '8' }));
    await vi.advanceTimersByTimeAsync(0);
    expect(link.take()).toEqual(['last reply 8']);
    expect(closing.settled).toBe(true);
    expect(log).toEqual(['pause', 'handler', 'close', 'close client']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('cancels the handlers that do not finish in its time, and answers for them', async () => {
    const { host, transport, logger } = hostOf();
    let context: MessageContext | undefined;
    host.message('sum', (_data, ctx) => {
      context = ctx;
      return new Promise((_resolve, reject) => {
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error));
      });
    });
    await host.start();
    const link = new FakeLink();
    transport.transporter.hub.attach(link).receive(request());
    const closing = watch(host.close({ timeout: 5000 }));
    await vi.advanceTimersByTimeAsync(4000);
    expect(context?.signal.aborted).toBe(false);
    expect(closing.settled).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    expect(context?.signal.aborted).toBe(true);
    expect(link.take()).toEqual(['error 502']);
    expect(closing.settled).toBe(true);
    expect(logger.warnings).toEqual([expect.stringContaining('1 handlers did not finish')]);
  });

  it('waits as long as it takes when it is told so', async () => {
    const { host, transport } = hostOf();
    const hold = Promise.withResolvers<number>();
    host.message('sum', () => hold.promise);
    await host.start();
    const link = new FakeLink();
    transport.transporter.hub.attach(link).receive(request());
    const closing = watch(host.close({ timeout: Number.POSITIVE_INFINITY }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(closing.settled).toBe(false);
    hold.resolve(8);
    await vi.advanceTimersByTimeAsync(0);
    expect(closing.settled).toBe(true);
    expect(link.take()).toEqual(['last reply 8']);
  });

  it.each<[string, TransporterBehaviour]>([
    ['pauses', { pause: () => never }],
    ['closes', { close: () => never }],
  ])('is bounded also when a transport never %s', async (_name, behaviour) => {
    const { host } = hostOf(behaviour);
    await host.start();
    const closing = watch(host.close({ timeout: 5000 }));
    await vi.advanceTimersByTimeAsync(5000 + grace);
    expect(closing.settled).toBe(true);
    expect(host.health()).toMatchObject({ main: { transporter: { state: 'closed' }, client: { state: 'closed' } } });
  });
});

describe('close while it starts', () => {
  it('stops what begins to listen, at once', async () => {
    const listening = Promise.withResolvers<void>();
    const { host, transport } = hostOf({
      listen: () => listening.promise,
      close: async () => listening.reject(new Error('closed')),
    });
    const failed = errorOf(host.start());
    await vi.advanceTimersByTimeAsync(0);
    const closing = watch(host.close());
    await vi.advanceTimersByTimeAsync(0);
    expect(closing.settled).toBe(true);
    expect(await failed).toMatchObject({ name: 'RpcException', code: 503 });
    expect(transport.transporter.log).toEqual(['listen', 'close']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends the wait for a broker that is down, at once', async () => {
    const { host } = hostOf({ listen: () => Promise.reject(new RpcException('down', { code: 503 })) });
    const failed = errorOf(host.start());
    await vi.advanceTimersByTimeAsync(0);
    const closing = watch(host.close());
    await vi.advanceTimersByTimeAsync(0);
    expect(closing.settled).toBe(true);
    expect(await failed).toMatchObject({ name: 'RpcException', code: 503 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('in the same tick keeps it from listening', async () => {
    const { host, transport } = hostOf();
    const failed = watch(host.start());
    const closing = watch(host.close());
    await vi.advanceTimersByTimeAsync(0);
    expect(failed.settled).toBe(true);
    expect(closing.settled).toBe(true);
    expect(transport.transporters).toEqual([]);
    expect(host.health()).not.toMatchObject({ main: { transporter: { state: 'ready' } } });
  });

  it('is bounded also when a transport never says that it listens', async () => {
    const { host, transport } = hostOf({ listen: () => never });
    const starting = watch(host.start());
    await vi.advanceTimersByTimeAsync(0);
    const closing = watch(host.close({ timeout: 5000 }));
    await vi.advanceTimersByTimeAsync(5000 + grace);
    expect(closing.settled).toBe(true);
    expect(starting.settled).toBe(true);
    expect(transport.transporter.log).toContain('close');
    expect(host.health()).toMatchObject({ main: { transporter: { state: 'closed' }, client: { state: 'closed' } } });
  });

  it('closes also what listens at last', async () => {
    const listening = Promise.withResolvers<void>();
    const { host, transport } = hostOf({ listen: () => listening.promise });
    const starting = watch(host.start());
    await vi.advanceTimersByTimeAsync(0);
    const closing = watch(host.close({ timeout: 5000 }));
    listening.resolve();
    await vi.advanceTimersByTimeAsync(5000 + grace);
    expect([starting.settled, closing.settled]).toEqual([true, true]);
    expect(transport.transporter.log).toContain('close');
    expect(host.health()).toMatchObject({ main: { transporter: { state: 'closed' } } });
  });
});
