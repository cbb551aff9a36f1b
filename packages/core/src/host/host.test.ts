import { setImmediate as tick } from 'node:timers/promises';
import { InjectionToken, inject } from '@needle-di/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { eventOf, FakeLink, request } from '../../test/support/fake-link.ts';
import { FakeTransport, FakeTransporter } from '../../test/support/fake-transport.ts';
import { LogBook } from '../../test/support/log-book.ts';
import { ClientProxy } from '../client/index.ts';
import { Controller, EventPattern, MessagePattern } from '../decorators/index.ts';
import type { ServerInterceptor } from '../dispatch/index.ts';
import { RpcException } from '../errors/index.ts';
import { createMicroservices } from './create-microservices.ts';
import type { Host } from './host.ts';
import type { HostOptions } from './host-options.ts';
import { type MicroserviceEntry, provideMicroservices } from './provide-microservices.ts';

/** A host with one fake connection, `main`. */
function hostWith(options: HostOptions = {}, entry: Partial<MicroserviceEntry> = {}) {
  const transport = new FakeTransport();
  const logger = new LogBook();
  const { providers = [], ...others } = options;
  const main = provideMicroservices([{ token: 'main', options: transport, ...entry }]);
  return { transport, logger, host: createMicroservices({ logger, ...others, providers: [main, ...providers] }) };
}

/** What a peer of the host's server gets for a request. */
function answersTo(transport: FakeTransport, pattern: string): string[] {
  const link = new FakeLink();
  transport.transporter.hub.attach(link).receive(request({ pattern }));
  return link.take();
}

@Controller()
class Users {
  readonly main = inject<ClientProxy>('main');

  @MessagePattern('users.get')
  get(): string {
    return 'Ada';
  }
}

@Controller()
class MoreUsers {
  @MessagePattern('users.get')
  find(): string {
    return 'Grace';
  }
}

class Plain {
  get(): void {}
}

@Controller()
class Empty {}

afterEach(() => {
  vi.useRealTimers();
});

describe('a host', () => {
  it('serves its controllers, which get their clients by token', async () => {
    const { host, transport } = hostWith({ controllers: [Users] });
    await host.start();
    expect(answersTo(transport, 'users.get')).toEqual(['last reply "Ada"']);
    expect(host.get(Users).main).toBe(host.get('main'));
    expect(host.get<ClientProxy>('main')).toBeInstanceOf(ClientProxy);
    await host.close();
  });

  it('serves handlers without decorators', async () => {
    const { host, transport } = hostWith();
    const seen: unknown[] = [];
    host.message('sum', (data: number[]) => data.length).event('saved', (data) => void seen.push(data));
    await host.start();
    const link = new FakeLink();
    const receiver = transport.transporter.hub.attach(link);
    receiver.receive(request({ body: '[1,2]' }));
    receiver.receive(eventOf('saved', 'x'));
    await tick();
    expect(link.take()).toEqual(['last reply 2']);
    expect(seen).toEqual(['x']);
    await host.close();
  });

  it('with no options is an empty one', async () => {
    const host = createMicroservices();
    await host.start();
    expect(host.health()).toEqual({});
    await host.close();
  });

  it('calls handlers without a name by their pattern, wherever they are told of', async () => {
    const { host, transport, logger } = hostWith();
    host.message('sum', () => {
      throw new Error('x');
    });
    await host.start();
    answersTo(transport, 'sum');
    expect(logger.errors).toEqual([expect.stringContaining('message("sum")')]);
    await host.close();
  });

  it('runs its interceptors around every handler and every call', async () => {
    const log: string[] = [];
    const server: ServerInterceptor = (call, next) => {
      log.push(`in ${call.pattern}`);
      return next();
    };
    const { host, transport } = hostWith({
      controllers: [Users],
      interceptors: { server: [server], client: [(call, next) => next({ ...call, data: 'changed' })] },
    });
    await host.start();
    answersTo(transport, 'users.get');
    await host.get<ClientProxy>('main').emit('saved', 'x');
    expect(log).toEqual(['in users.get']);
    expect(transport.client.link.sent).toMatchObject([{ kind: 'event', body: '"changed"' }]);
    await host.close();
  });

  it('warns of handlers that no entry can serve', async () => {
    const { host, logger } = hostWith();
    host.message('sum', () => 1, { transport: 'pigeon' });
    await host.start();
    expect(logger.warnings).toEqual([expect.stringContaining('"pigeon"')]);
    await host.close();
  });

  it('does not see another one', async () => {
    const [one, two] = [hostWith(), hostWith()];
    one.host.message('sum', () => 1);
    two.host.message('sum', () => 2);
    await Promise.all([one.host.start(), two.host.start()]);
    expect(answersTo(one.transport, 'sum')).toEqual(['last reply 1']);
    expect(answersTo(two.transport, 'sum')).toEqual(['last reply 2']);
    await Promise.all([one.host.close(), two.host.close()]);
  });
});

describe('tokens', () => {
  class Bus {}
  const tokens = ['main', Symbol('main'), new InjectionToken<ClientProxy>('main'), Bus];

  it.each(tokens)('may be of every kind: %o', async (token) => {
    const { host, transport } = hostWith({}, { token });
    await host.start();
    expect(host.get(token)).toBeInstanceOf(ClientProxy);
    expect(host.transporter(token)).toBe(transport.transporter);
    expect(Object.keys(host.health())).toEqual([typeof token === 'function' ? 'Bus' : 'main']);
    await host.close();
  });

  it.each<[string, MicroserviceEntry['token'], MicroserviceEntry['token']]>([
    ['text', 'main', 'main'],
    ['names that health() could not tell apart', 'main', Symbol('main')],
  ])('used twice are refused with 409 that names them: %s', (_name, first, second) => {
    const entries = [first, second].map((token) => ({ token, options: new FakeTransport() }));
    const refused = () => createMicroservices({ providers: [provideMicroservices(entries)] });
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 409 }) as Error);
    expect(refused).toThrow(/"main" is used twice/);
  });

  it('used twice in two lists are refused, too', () => {
    const list = () => provideMicroservices([{ token: 'main', options: new FakeTransport() }]);
    expect(() => createMicroservices({ providers: [list(), [list()]] })).toThrow(/"main" is used twice/);
  });

  it('that clash with a provider are refused with 409 that names them', () => {
    const refused = () => hostWith({ providers: [{ provide: 'main', useValue: 1 }] });
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 409 }) as Error);
    expect(refused).toThrow(/"main" is used twice, by an entry of provideMicroservices and by a provider/);
  });

  it('of two providers that are the same are refused', () => {
    const provider = { provide: 'config', useValue: 1 };
    expect(() => createMicroservices({ providers: [provider, provider] })).toThrow(/"config"/);
  });
});

describe('a configuration that is wrong is refused', () => {
  it('a class without @Controller, by name', () => {
    const refused = () => createMicroservices({ controllers: [Plain] });
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow(/Plain has no @Controller/);
  });

  it.each([undefined, null, {}, 'Users', Object.create(null)])(
    'what is no class among the controllers: %o',
    (controller) => {
      expect(() => createMicroservices({ controllers: [controller as never] })).toThrow(
        expect.objectContaining({ name: 'RpcException', code: 400 }) as Error,
      );
    },
  );

  it('a controller that is given twice, by name', () => {
    expect(() => createMicroservices({ controllers: [Users, Users] })).toThrow(/"Users" is used twice/);
  });

  it('a controller without handlers, by name', async () => {
    const { host } = hostWith({ controllers: [Empty] });
    expect(await errorOf(host.start())).toMatchObject({
      code: 400,
      message: expect.stringContaining('Empty has no handlers') as string,
    });
  });

  it('two handlers for one message, by their names', async () => {
    const { host, transport } = hostWith({ controllers: [Users, MoreUsers] });
    expect(await errorOf(host.start())).toMatchObject({
      code: 409,
      message: expect.stringMatching(/"users\.get".*Users\.get and MoreUsers\.find/) as string,
    });
    expect(transport.transporters).toEqual([]);
    const other = hostWith().host.message('sum', () => 1);
    expect(() => other.message('sum', () => 2)).toThrow(expect.objectContaining({ code: 409 }) as Error);
  });

  it('a controller that cannot be made, by what it misses', async () => {
    @Controller()
    class Broken {
      readonly config = inject<string>('config');
      @MessagePattern('a')
      get(): void {}
    }
    const { host } = hostWith({ controllers: [Broken] });
    const error = (await errorOf(host.start())) as Error;
    expect(error).toBeInstanceOf(RpcException);
    expect(error.message).toMatch(/Broken.*config/s);
  });

  it('a transport that nobody knows, or that is not installed', async () => {
    for (const [transport, says] of [
      ['pigeon', 'no transport "pigeon"'],
      ['kafka', 'npm install @parley/transport-kafka'],
    ] as const) {
      const { host } = hostWith({}, { options: { transport } });
      expect(await errorOf(host.start())).toMatchObject({
        code: 400,
        message: expect.stringContaining(says) as string,
      });
    }
  });

  it('a bad option of a transport that is given by name', async () => {
    const pigeon = Object.assign((options: object = {}) => new FakeTransport(options, 'pigeon'), {
      transport: 'pigeon',
    });
    const { host } = hostWith({ transports: [pigeon] }, { options: { transport: 'pigeon', options: { timeout: -1 } } });
    expect(await errorOf(host.start())).toMatchObject({
      code: 400,
      message: expect.stringContaining('"timeout"') as string,
    });
  });

  it.each<[string, (host: Host) => unknown]>([
    ['empty', (host) => host.message('', () => 1)],
    ['wildcard', (host) => host.message('a.*', () => 1)],
    ['function', (host) => host.message('a', undefined as never)],
    ['function', (host) => host.event('a', 'handler' as never)],
    ['"transprot"', (host) => host.message('a', () => 1, { transprot: 'tcp' } as never)],
    ['"attempts"', (host) => host.event('a', () => 1, { retry: { attempts: 0 } })],
    ['options', (host) => host.message('a', () => 1, null as never)],
  ])('a bad handler, with %s in the error', (says, add) => {
    const { host } = hostWith();
    expect(() => add(host)).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(() => add(host)).toThrow(says);
  });

  it('handlers that come too late', async () => {
    const { host } = hostWith();
    await host.start();
    expect(() => host.message('a', () => 1)).toThrow(expect.objectContaining({ code: 409 }) as Error);
    await host.close();
  });
});

describe('before start', () => {
  it('there is nothing to get', () => {
    const { host } = hostWith();
    for (const get of [() => host.get('main'), () => host.transporter('main')]) {
      expect(get).toThrow(expect.objectContaining({ name: 'RpcException', code: 503 }) as Error);
      expect(get).toThrow(/after host\.start\(\)/);
    }
  });
});

describe('start', () => {
  it('is done once, however often it is asked for', async () => {
    const { host, transport } = hostWith();
    await Promise.all([host.start(), host.start()]);
    await host.start();
    expect(transport.transporters).toHaveLength(1);
    await host.close();
  });

  it('makes no connection for clients: they connect at their first call', async () => {
    const { host, transport } = hostWith();
    await host.start();
    expect(transport.clients).toEqual([]);
    expect(host.health().main).toMatchObject({ transporter: { state: 'ready' }, client: { state: 'idle' } });
    await host.close();
  });

  it('listens only where an entry is to listen, and has clients only where it is to be one', async () => {
    const { host, transport } = hostWith({}, { listen: false });
    await host.start();
    expect(transport.transporters).toEqual([]);
    expect(() => host.transporter('main')).toThrow(/No entry "main" listens/);
    await host.close();
    const other = hostWith({}, { client: false });
    await other.host.start();
    expect(() => other.host.get('main')).toThrow(/main/);
    expect(Object.keys(other.host.health().main ?? {})).toEqual(['transporter']);
    await other.host.close();
  });

  it('that fails closes what had begun, and says why; the host is closed then', async () => {
    const [good, bad] = [new FakeTransport(), new FakeTransport()];
    bad.transporterBehaviour = { listen: () => Promise.reject(new RpcException('port in use', { code: 409 })) };
    const providers = [
      provideMicroservices([
        { token: 'good', options: good },
        { token: 'bad', options: bad },
      ]),
    ];
    const host = createMicroservices({ providers, logger: new LogBook() });
    expect(await errorOf(host.start())).toMatchObject({ code: 409, message: 'port in use' });
    expect(good.transporter.log).toEqual(['listen', 'pause', 'close']);
    expect(bad.transporter.log).toEqual(['listen', 'close']);
    expect(host.health()).toMatchObject({
      good: { transporter: { state: 'closed' }, client: { state: 'closed' } },
      bad: { transporter: { state: 'closed' }, client: { state: 'closed' } },
    });
    await host.close();
    expect(await errorOf(host.start())).toMatchObject({ code: 503 });
  });

  it('tries for `startTimeout` when the broker is down', async () => {
    vi.useFakeTimers();
    const { host, transport } = hostWith({ startTimeout: 500 });
    transport.transporterBehaviour = { listen: () => Promise.reject(new RpcException('down', { code: 503 })) };
    const error = errorOf(host.start());
    await vi.advanceTimersByTimeAsync(500);
    expect(await error).toMatchObject({ code: 503, message: 'down' });
    expect(transport.transporters.length).toBeGreaterThan(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('after close is refused', async () => {
    const { host, transport } = hostWith();
    await host.close();
    expect(await errorOf(host.start())).toMatchObject({ code: 503 });
    expect(transport.transporters).toEqual([]);
  });
});

describe('close', () => {
  it('is done once, however often it is asked for', async () => {
    const { host, transport } = hostWith();
    await host.start();
    await Promise.all([host.close(), host.close({ timeout: 1 }), host[Symbol.asyncDispose]()]);
    await host.close();
    expect(transport.transporter.log).toEqual(['listen', 'pause', 'close']);
    expect(host.health().main).toMatchObject({ transporter: { state: 'closed' }, client: { state: 'closed' } });
  });

  it('lets handlers finish, whose clients still work; clients come last', async () => {
    const order: string[] = [];
    const hold = Promise.withResolvers<void>();
    const { host, transport } = hostWith();
    transport.transporterBehaviour = { close: async () => void order.push('server') };
    transport.clientBehaviour = {
      connect: async (client) => void client.attach(),
      close: async () => void order.push('client'),
    };
    host.message('sum', async () => {
      await hold.promise;
      await host.get<ClientProxy>('main').emit('saved');
      return 7;
    });
    await host.start();
    const link = new FakeLink();
    transport.transporter.hub.attach(link).receive(request());
    const closed = host.close();
    await tick();
    hold.resolve();
    await closed;
    expect(link.take()).toEqual(['last reply 7']);
    expect(transport.client.link.take()).toEqual(['event saved']);
    expect(order).toEqual(['server', 'client']);
  });

  it('cancels handlers that do not finish in time, and says how many', async () => {
    const { host, transport, logger } = hostWith();
    const reasons: unknown[] = [];
    host.message('sum', (_data, context) => {
      context.signal.addEventListener('abort', () => reasons.push(context.signal.reason));
      return new Promise(() => undefined);
    });
    await host.start();
    const link = new FakeLink();
    transport.transporter.hub.attach(link).receive(request());
    await host.close({ timeout: 20 });
    expect(link.take()).toEqual(['error 502']);
    expect(reasons).toMatchObject([{ code: 503 }]);
    expect(logger.warnings).toEqual([expect.stringContaining('1 handlers did not finish')]);
  });

  it.each([Number.POSITIVE_INFINITY, 2 ** 40])(
    'waits as long as it is told, however long that is: %d ms',
    async (timeout) => {
      vi.useFakeTimers();
      const { host, transport, logger } = hostWith();
      const hold = Promise.withResolvers<number>();
      host.message('sum', () => hold.promise);
      await host.start();
      const link = new FakeLink();
      transport.transporter.hub.attach(link).receive(request());
      const closed = host.close({ timeout });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(link.take()).toEqual([]);
      hold.resolve(7);
      await closed;
      expect(link.take()).toEqual(['last reply 7']);
      expect(logger.warnings).toEqual([]);
    },
  );

  it.each([-1, Number.NaN, '5 s'])('refuses a timeout of %o with 400', async (timeout) => {
    const { host } = hostWith();
    await host.start();
    const closing = (async () => host.close({ timeout: timeout as number }))();
    expect(await errorOf(closing)).toMatchObject({ name: 'RpcException', code: 400 });
    await host.close();
  });

  it('while it starts ends the start with 503', async () => {
    const { host, transport } = hostWith();
    const listening = Promise.withResolvers<void>();
    transport.transporterBehaviour = {
      listen: () => listening.promise,
      close: async () => listening.reject(new Error('closed')),
    };
    const error = errorOf(host.start());
    while (transport.transporters.length === 0) await tick();
    await host.close();
    expect(await error).toMatchObject({ code: 503 });
    expect(host.health().main).toMatchObject({ transporter: { state: 'closed' } });
  });

  it('while it starts, before it listens, keeps it from listening', async () => {
    const { host, transport } = hostWith();
    const error = errorOf(host.start());
    await host.close();
    expect(await error).toMatchObject({ code: 503 });
    expect(transport.transporters.every(({ log }) => log.at(-1) === 'close')).toBe(true);
  });

  it.each(['listen', 'pause', 'close'] as const)('is over in its time when a transport hangs in %s', async (method) => {
    const { host, transport } = hostWith();
    transport.transporterBehaviour = { [method]: () => new Promise(() => undefined) };
    const started = host.start().catch(() => undefined);
    if (method === 'listen') while (transport.transporters.length === 0) await tick();
    else await started;
    const began = performance.now();
    await host.close({ timeout: 50 });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(host.health().main).toMatchObject({ transporter: { state: 'closed' }, client: { state: 'closed' } });
  });

  it('works by `await using`', async () => {
    const { host, transport } = hostWith();
    {
      await using scoped = host;
      await scoped.start();
    }
    expect(transport.transporter.log.at(-1)).toBe('close');
  });
});

describe('health', () => {
  it('tells the state of every entry, and what runs', async () => {
    const { host, transport } = hostWith();
    host.message('sum', () => new Promise(() => undefined));
    await host.start();
    transport.transporter.hub.attach(new FakeLink()).receive(request());
    const lost = errorOf(host.get<ClientProxy>('main').send('sum'));
    expect(host.health()).toEqual({
      main: {
        transporter: { state: 'ready', since: expect.any(Date) as Date, handling: 1 },
        client: { state: 'ready', since: expect.any(Date) as Date, pending: 1, handling: 0 },
      },
    });
    await host.close({ timeout: 0 });
    await lost;
  });

  it('is safe to ask at any time, and to send as JSON', async () => {
    const { host } = hostWith();
    expect(() => host.health()).not.toThrow();
    await host.start();
    expect(JSON.parse(JSON.stringify(host.health()))).toMatchObject({ main: { transporter: { state: 'ready' } } });
    await host.close();
  });

  it('tells an entry whose token is a name of Object’s', async () => {
    const { host } = hostWith({}, { token: '__proto__' });
    await host.start();
    expect(Object.keys(host.health())).toEqual(['__proto__']);
    await host.close();
  });
});

describe('transporter', () => {
  it('gives the driver’s own object', async () => {
    const { host, transport } = hostWith();
    await host.start();
    expect(host.transporter('main').unwrap(FakeTransporter)).toBe(transport.transporter);
    expect(() => host.transporter('main').unwrap(Map)).toThrow(TypeError);
    expect(() => host.transporter('other')).toThrow(/No entry "other" listens/);
    await host.close();
  });
});

describe('events', () => {
  it('reach every controller that listens, on the transports that it listens on', async () => {
    const seen: string[] = [];
    @Controller()
    class One {
      @EventPattern('user.*')
      on(): void {
        seen.push('one');
      }
    }
    @Controller()
    class Two {
      @EventPattern('user.created', 'fake')
      on(): void {
        seen.push('two');
      }

      @EventPattern('user.created', 'pigeon')
      elsewhere(): void {
        seen.push('elsewhere');
      }
    }
    const { host, transport } = hostWith({ controllers: [One, Two] });
    await host.start();
    transport.transporter.hub.attach(new FakeLink()).receive(eventOf('user.created'));
    await tick();
    expect(seen.sort()).toEqual(['one', 'two']);
    await host.close();
  });
});
