import { InjectionToken } from '@needle-di/core';
import { describe, expect, it } from 'vitest';
import { FakeTransport } from '../../test/support/fake-transport.ts';
import { Controller, MessagePattern } from '../decorators/index.ts';
import { createMicroservices } from './create-microservices.ts';
import type { HostOptions } from './host-options.ts';
import { provideMicroservices } from './provide-microservices.ts';

const options = new FakeTransport();
const main = provideMicroservices([{ token: 'main', options }]);

@Controller()
class Users {
  @MessagePattern('users.get')
  get() {
    return 'a user';
  }
}

class Plain {
  @MessagePattern('users.get')
  get() {
    return 'a user';
  }
}

describe('a host', () => {
  it('may be made of nothing', async () => {
    const host = createMicroservices();
    await host.start();
    expect(host.health()).toEqual({});
    await host.close();
  });

  it('makes nothing before it is started', () => {
    const transport = new FakeTransport();
    let made = 0;
    @Controller()
    class Counting {
      constructor() {
        made += 1;
      }
      @MessagePattern('a')
      a() {
        return 1;
      }
    }
    createMicroservices({
      controllers: [Counting],
      providers: [provideMicroservices([{ token: 'main', options: transport }])],
    });
    expect([made, transport.clients.length, transport.transporters.length]).toEqual([0, 0, 0]);
  });

  it.each<[string, string, HostOptions]>([
    ['two entries', '"main" is used twice', { providers: [main, main] }],
    [
      'two entries of one call',
      '"main" is used twice',
      {
        providers: [
          provideMicroservices([
            { token: 'main', options },
            { token: 'main', options, listen: false },
          ]),
        ],
      },
    ],
    [
      'two entries whose tokens have one name, which health() and errors would mix up',
      '"main" is used twice',
      { providers: [main, provideMicroservices([{ token: new InjectionToken('main'), options }])] },
    ],
    [
      'an entry and a provider',
      '"main" is used twice, by an entry of provideMicroservices and by a provider',
      { providers: [{ provide: 'main', useValue: 1 }, main] },
    ],
    [
      'an entry that is no client and a provider',
      '"main" is used twice',
      {
        providers: [
          { provide: 'main', useValue: 1 },
          provideMicroservices([{ token: 'main', options, client: false }]),
        ],
      },
    ],
    [
      'two providers',
      '"repo" is used twice',
      {
        providers: [
          { provide: 'repo', useValue: 1 },
          { provide: 'repo', useValue: 2 },
        ],
      },
    ],
    [
      'an entry and a controller',
      '"Users" is used twice',
      { controllers: [Users], providers: [provideMicroservices([{ token: Users, options }])] },
    ],
    ['a controller that is listed twice', '"Users" is used twice', { controllers: [Users, Users] }],
  ])('whose token is wanted by %s is refused with 409', (_name, says, wrong) => {
    const refused = () => createMicroservices(wrong);
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 409 }) as Error);
    expect(refused).toThrow(says);
  });

  it.each<[string, unknown]>([
    ['Plain has no @Controller', Plain],
    ['undefined has no @Controller', undefined],
    ['no @Controller', new Users()],
  ])('with a controller that is none is refused with 400: %s', (says, controller) => {
    const refused = () => createMicroservices({ controllers: [controller as new () => object] });
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow(says);
  });

  it('may bind its controller itself', async () => {
    const users = new Users();
    const host = createMicroservices({ controllers: [Users], providers: [{ provide: Users, useValue: users }] });
    await host.start();
    expect(host.get(Users)).toBe(users);
    await host.close();
  });
});
