import { InjectionToken, inject } from '@needle-di/core';
import { afterEach, describe, expect, it } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { FakeLink, request } from '../../test/support/fake-link.ts';
import { FakeTransport, FakeTransporter } from '../../test/support/fake-transport.ts';
import { ClientProxy } from '../client/index.ts';
import { Controller, MessagePattern } from '../decorators/index.ts';
import { createMicroservices } from './create-microservices.ts';
import type { Host } from './host.ts';
import type { HostOptions } from './host-options.ts';
import { provideMicroservices } from './provide-microservices.ts';

class Bus {}
const hosts: Host[] = [];

function create(options: HostOptions): Host {
  const host = createMicroservices(options);
  hosts.push(host);
  return host;
}

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close({ timeout: 0 })));
});

describe.each([
  ['text', 'main', 'main'],
  ['a symbol', Symbol('main'), 'main'],
  ['an InjectionToken', new InjectionToken<ClientProxy>('main'), 'main'],
  ['a class', Bus, 'Bus'],
])('a token that is %s', (_name, token, name) => {
  it('gives the client, the transporter and the health of its entry', async () => {
    const transport = new FakeTransport();
    const host = create({ providers: [provideMicroservices([{ token, options: transport }])] });
    await host.start();
    expect(host.get(token)).toBeInstanceOf(ClientProxy);
    expect(host.transporter(token)).toBe(transport.transporter);
    expect(Object.keys(host.health())).toEqual([name]);
  });

  it('is injected', async () => {
    @Controller()
    class Users {
      readonly client = inject<unknown>(token);
      @MessagePattern('a')
      a() {}
    }
    const host = create({
      controllers: [Users],
      providers: [provideMicroservices([{ token, options: new FakeTransport() }])],
    });
    await host.start();
    expect(host.get(Users).client).toBe(host.get(token));
  });
});

describe('a controller', () => {
  it('is made once, by the container, with what it injects', async () => {
    class Repository {
      readonly bus = inject<ClientProxy>('bus');
      readonly greeting = inject<string>('greeting');
    }
    @Controller()
    class Users {
      readonly repository = inject(Repository);
      @MessagePattern('sum')
      get() {
        return this.repository.greeting;
      }
    }
    const transport = new FakeTransport();
    const host = create({
      controllers: [Users],
      providers: [
        [Repository, { provide: 'greeting', useFactory: () => 'hello' }],
        provideMicroservices([{ token: 'bus', options: transport }]),
      ],
    });
    await host.start();
    expect(host.get(Users)).toBe(host.get(Users));
    expect(host.get(Users).repository.bus).toBe(host.get('bus'));
    const link = new FakeLink();
    transport.transporter.hub.attach(link).receive(request());
    expect(link.take()).toEqual(['last reply "hello"']);
  });

  it('that injects what nobody provides makes start reject with the name', async () => {
    @Controller()
    class Users {
      readonly missing = inject<unknown>('repository');
      @MessagePattern('a')
      a() {}
    }
    const transport = new FakeTransport();
    const host = create({
      controllers: [Users],
      providers: [provideMicroservices([{ token: 'main', options: transport }])],
    });
    expect(await errorOf(host.start())).toMatchObject({
      name: 'RpcException',
      message: expect.stringMatching(/^The controller Users cannot be made: .*repository/) as string,
    });
    expect(transport.transporters).toEqual([]);
  });

  it('that throws when it is made makes start reject with its name, and what it threw as the cause', async () => {
    const problem = new Error('No configuration');
    @Controller()
    class Users {
      constructor() {
        throw problem;
      }
      @MessagePattern('a')
      a() {}
    }
    expect(await errorOf(create({ controllers: [Users] }).start())).toMatchObject({
      message: 'The controller Users cannot be made: No configuration',
      cause: problem,
    });
  });
});

describe('an entry', () => {
  const entries = (options = new FakeTransport()) =>
    provideMicroservices([
      { token: 'server', options, client: false },
      { token: 'client', options, listen: false },
    ]);

  it('that is no client has none, and one that does not listen has no transporter', async () => {
    const host = create({ providers: [entries()] });
    await host.start();
    expect(host.transporter('server').unwrap(FakeTransporter)).toBeInstanceOf(FakeTransporter);
    expect(host.get('client')).toBeInstanceOf(ClientProxy);
    expect(() => host.get('server')).toThrow('server');
    expect(() => host.transporter('client')).toThrow(expect.objectContaining({ code: 400 }) as Error);
    expect(() => host.transporter('client')).toThrow('No entry "client" listens');
    expect(host.health()).toEqual({
      server: { transporter: expect.any(Object) as object },
      client: { client: expect.any(Object) as object },
    });
  });

  it('may have another name in the application', async () => {
    const host = create({
      providers: [entries(), { provide: 'alias', useExisting: 'client' }],
    });
    await host.start();
    expect(host.get('alias')).toBe(host.get('client'));
  });

  it('is not there before start', () => {
    const host = create({ providers: [entries()] });
    for (const [method, early] of [
      ['get', () => host.get('client')],
      ['transporter', () => host.transporter('server')],
    ] as const) {
      expect(early).toThrow(expect.objectContaining({ name: 'RpcException', code: 503 }) as Error);
      expect(early).toThrow(`host.${method}() works after host.start()`);
    }
  });

  it('by name is made by the host’s own transports first', async () => {
    const made: FakeTransport[] = [];
    const redis = Object.assign(
      () => {
        const transport = new FakeTransport({}, 'redis');
        made.push(transport);
        return transport;
      },
      { transport: 'redis' },
    );
    const host = create({
      transports: [redis],
      providers: [provideMicroservices([{ token: 'main', options: { transport: 'redis' } }])],
    });
    await host.start();
    expect(made).toHaveLength(1);
    expect(host.transporter('main')).toBe(made[0]?.transporter);
  });

  it('by the name of a transport that is not there makes start reject with 400', async () => {
    const options = { transport: 'carrier' } as never;
    const host = create({ providers: [provideMicroservices([{ token: 'main', options }])] });
    expect(await errorOf(host.start())).toMatchObject({
      name: 'RpcException',
      code: 400,
      message: expect.stringContaining('no transport "carrier"') as string,
    });
  });
});
