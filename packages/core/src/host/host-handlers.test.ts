import { afterEach, describe, expect, it } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { FakeLink, request } from '../../test/support/fake-link.ts';
import { FakeTransport } from '../../test/support/fake-transport.ts';
import { LogBook } from '../../test/support/log-book.ts';
import { Controller, EventPattern, MessagePattern } from '../decorators/index.ts';
import type { EndpointOptions } from '../seam/index.ts';
import { createMicroservices } from './create-microservices.ts';
import type { Host } from './host.ts';
import type { HostOptions } from './host-options.ts';
import { type MicroserviceEntry, provideMicroservices } from './provide-microservices.ts';

@Controller()
class Users {
  @MessagePattern('users.get')
  get() {
    return 'a user';
  }
}

@Controller()
class Rivals {
  @MessagePattern('users.get')
  get() {
    return 'another user';
  }
}

@Controller()
class FakeUsers {
  @MessagePattern('users.get', 'fake')
  get() {
    return 'a user by fake';
  }
}

@Controller()
class PigeonUsers {
  @MessagePattern('users.get', 'pigeon')
  get() {
    return 'a user by pigeon';
  }
  @EventPattern('user.*', 'pigeon')
  on() {}
}

@Controller()
class WrongPattern {
  @MessagePattern('user.*')
  get() {}
}

@Controller()
class WrongOption {
  @EventPattern('user.created', { brodcast: true } as object)
  on() {}
}

@Controller()
class Idle {}

const hosts: Host[] = [];

function hostOf(options: HostOptions, entry: Partial<MicroserviceEntry> = {}, endpoint: EndpointOptions = {}) {
  const transport = new FakeTransport(endpoint);
  const logger = new LogBook();
  const providers = [provideMicroservices([{ token: 'main', options: transport, ...entry }])];
  const host = createMicroservices({ logger, ...options, providers });
  hosts.push(host);
  return { host, transport, logger };
}

/** What a request of `users.get` is answered with. */
function ask(transport: FakeTransport): string[] {
  const link = new FakeLink();
  transport.transporter.hub.attach(link).receive(request({ pattern: 'users.get' }));
  return link.take();
}

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close({ timeout: 0 })));
});

describe('handlers of a host', () => {
  it('of its controllers and its own are served on every entry', async () => {
    const { host, transport } = hostOf({ controllers: [Users] });
    host.message('sum', () => 1).event('user.*', () => undefined);
    await host.start();
    expect(ask(transport)).toEqual(['last reply "a user"']);
    expect(transport.transporter.hub.routes).toMatchObject({ messages: ['sum', 'users.get'], wildcards: ['user.*'] });
  });

  it('are run inside of its interceptors, the first outermost', async () => {
    const log: string[] = [];
    const { host, transport } = hostOf({
      interceptors: {
        server: [
          (call, next) => {
            log.push(`outer ${call.handler}`);
            return next();
          },
          (_call, next) => {
            log.push('inner');
            return next();
          },
        ],
      },
    });
    host.message('users.get', function get() {
      log.push('handler');
    });
    await host.start();
    ask(transport);
    expect(log).toEqual(['outer get', 'inner', 'handler']);
  });

  it.each<[string, (new () => object)[]]>([
    ['two controllers', [Users, Rivals]],
    ['two controllers, of which one is limited to a transport', [Users, FakeUsers]],
    ['two controllers, of which one is limited to an absent transport', [PigeonUsers, Users]],
  ])('of one message in %s are refused with 409 that names both', async (_name, controllers) => {
    const { host, transport } = hostOf({ controllers });
    const [one, two] = controllers.map(({ name }) => `${name}.get`) as [string, string];
    expect(await errorOf(host.start())).toMatchObject({
      name: 'RpcException',
      code: 409,
      message: expect.stringMatching(`"users.get" has two handlers.*, ${one} and ${two}: only one`) as string,
    });
    expect(transport.transporters).toEqual([]);
  });

  it('of one message may be limited to a transport each', async () => {
    const { host, transport } = hostOf({ controllers: [FakeUsers, PigeonUsers] });
    await host.start();
    expect(ask(transport)).toEqual(['last reply "a user by fake"']);
  });

  it('of its own are refused with 409 when there is one already, in a controller as well', async () => {
    const { host } = hostOf({ controllers: [Users] });
    host.message('users.get', () => 1);
    expect(() => host.message('users.get', () => 2)).toThrow(expect.objectContaining({ code: 409 }) as Error);
    expect(() => host.message('users.get', () => 2, { transport: 'fake' })).toThrow(/"users.get".*two handlers/);
    expect(await errorOf(host.start())).toMatchObject({ code: 409 });
  });

  it.each<[string, string, (host: Host) => unknown]>([
    ['an empty pattern', 'empty', (host) => host.message('', () => 1)],
    ['a wildcard for a message', 'wildcard', (host) => host.message('user.*', () => 1)],
    ['no pattern', 'undefined', (host) => host.event(undefined as never, () => 1)],
    ['an array', 'array', (host) => host.event([] as never, () => 1)],
    ['no function', 'must be a function, got object', (host) => host.message('a', {} as never)],
    ['an unknown option', '"transprot"', (host) => host.message('a', () => 1, { transprot: 'x' } as object)],
    ['an option of events', '"broadcast"', (host) => host.message('a', () => 1, { broadcast: true } as object)],
    ['a wrong option', '"broadcast"', (host) => host.event('a', () => 1, { broadcast: 'yes' as never })],
    ['a wrong retry', '"attempts"', (host) => host.event('a', () => 1, { retry: { attempts: -1 } })],
    ['no options', 'options', (host) => host.event('a', () => 1, null as never)],
  ])('with %s are refused with 400', (_name, says, add) => {
    const { host } = hostOf({});
    expect(() => add(host)).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(() => add(host)).toThrow(says);
  });

  it('are refused with 409 once it is started', async () => {
    const { host } = hostOf({});
    const started = host.start();
    for (const add of [() => host.message('a', () => 1), () => host.event('a', () => 1)]) {
      expect(add).toThrow(expect.objectContaining({ name: 'RpcException', code: 409 }) as Error);
      expect(add).toThrow(/before the host is started/);
    }
    await started;
  });

  it.each<[string, RegExp, new () => object]>([
    ['a pattern', /^The handler WrongPattern\.get: .*wildcard/, WrongPattern],
    ['an option', /^The handler WrongOption\.on: .*"brodcast"/, WrongOption],
  ])('of a controller with %s that is wrong make start reject with their name', async (_name, says, controller) => {
    const { host, transport } = hostOf({ controllers: [Users, controller] });
    expect(await errorOf(host.start())).toMatchObject({
      name: 'RpcException',
      code: 400,
      message: expect.stringMatching(says) as string,
    });
    expect(transport.transporters).toEqual([]);
  });

  it('of a controller that has none make start reject with its name', async () => {
    const { host } = hostOf({ controllers: [Idle] });
    expect(await errorOf(host.start())).toMatchObject({
      code: 400,
      message: expect.stringContaining('Idle has no handlers') as string,
    });
  });
});

describe('handlers that will never run', () => {
  const idle = /"pigeon", which these handlers are limited to: PigeonUsers\.get, PigeonUsers\.on/;

  it('are warned of when no entry has their transport', async () => {
    const { host, logger } = hostOf({ controllers: [PigeonUsers] });
    await host.start();
    expect(logger.warnings).toEqual([expect.stringMatching(idle)]);
  });

  it('are warned of when no entry listens on their transport', async () => {
    const { host, logger } = hostOf(
      { controllers: [PigeonUsers] },
      { options: new FakeTransport({}, 'pigeon'), listen: false },
    );
    await host.start();
    expect(logger.warnings).toEqual([expect.stringMatching(idle)]);
  });

  it('are not warned of when the client serves them', async () => {
    const serving = new FakeTransport({ serve: true }, 'pigeon');
    const { host, logger } = hostOf({ controllers: [PigeonUsers] }, { options: serving, listen: false });
    await host.start();
    expect(logger.warnings).toEqual([]);
  });

  it('do not keep the host from starting when the logger throws', async () => {
    const refuse = () => {
      throw new Error('The disk is full');
    };
    const logger = { debug: refuse, info: refuse, warn: refuse, error: refuse };
    const { host } = hostOf({ controllers: [PigeonUsers], logger });
    await host.start();
    expect(host.health()).toMatchObject({ main: { transporter: { state: 'ready' } } });
  });
});

it('two hosts in one process do not see each other', async () => {
  const [one, two] = [hostOf({ controllers: [Users] }), hostOf({ controllers: [Rivals] })];
  one.host.message('only.one', () => 1);
  await Promise.all([one.host.start(), two.host.start()]);
  expect(ask(one.transport)).toEqual(['last reply "a user"']);
  expect(ask(two.transport)).toEqual(['last reply "another user"']);
  expect(two.transport.transporter.hub.routes.messages).toEqual(['users.get']);
  expect(one.host.get('main')).not.toBe(two.host.get('main'));
  await one.host.close();
  expect(two.host.health()).toMatchObject({ main: { transporter: { state: 'ready' } } });
  expect(ask(two.transport)).toEqual(['last reply "another user"']);
});
