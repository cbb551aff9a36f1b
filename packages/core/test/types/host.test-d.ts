import type { Observable } from 'rxjs';
import { describe, expectTypeOf, it } from 'vitest';
import {
  type ClientProxy,
  createMicroservices,
  type Host,
  InjectionToken,
  type MessageContext,
  provideMicroservices,
  type Transport,
} from '../../src/index.ts';
import { GetUser, ListUsers, type PigeonContext, Ping, Saved } from './contracts.ts';

declare const host: Host;
declare const transport: Transport;
declare const sent: { name: string; age: number };
declare const wrong: { name: string; age: string };
declare const stream: AsyncIterable<typeof sent>;
declare const observable: Observable<typeof sent>;
declare const wrongStream: AsyncIterable<typeof wrong>;
declare const wrongObservable: Observable<typeof wrong>;

describe('host.message', () => {
  it('types data, context and reply by the contract', () => {
    host.message(GetUser, (data, ctx) => {
      expectTypeOf(data).toEqualTypeOf<{ id: number }>();
      expectTypeOf(ctx).toEqualTypeOf<MessageContext>();
      return sent;
    });
    host.message(ListUsers, (data) => {
      expectTypeOf(data).toEqualTypeOf<string | undefined>();
      return 'a';
    });
    host.message(Ping, (data) => {
      expectTypeOf(data).toBeUnknown();
    });
    host.message('a', (data, ctx) => {
      expectTypeOf(data).toBeUnknown();
      expectTypeOf(ctx).toEqualTypeOf<MessageContext>();
    });
  });

  it('takes streams of replies, now or later', () => {
    host.message(GetUser, () => stream);
    host.message(GetUser, () => observable);
    host.message(GetUser, async () => stream);
    host.message(GetUser, async () => observable);
    host.message(GetUser, async () => sent);
    host.message(GetUser, async function* () {
      yield sent;
    });
  });

  it('refuses wrong replies', () => {
    // @ts-expect-error
    host.message(GetUser, () => wrong);
    // @ts-expect-error
    host.message(GetUser, async () => wrong);
    // @ts-expect-error
    host.message(GetUser, () => wrongStream);
    // @ts-expect-error
    host.message(GetUser, () => wrongObservable);
    // @ts-expect-error
    host.message(GetUser, async () => wrongStream);
    // @ts-expect-error
    host.message(GetUser, async () => wrongObservable);
    // @ts-expect-error
    host.message(GetUser, async function* () {
      yield wrong;
    });
    // @ts-expect-error
    host.message(GetUser, () => undefined);
  });

  it('refuses wrong data, contracts and contexts', () => {
    // @ts-expect-error
    host.message(GetUser, (_data: { id: string }) => sent);
    // @ts-expect-error
    host.message(ListUsers, (_data: string) => 'a');
    // @ts-expect-error
    host.message(Saved, () => 1);
    // @ts-expect-error
    host.message(GetUser, (_data, _ctx: PigeonContext) => sent);
    // @ts-expect-error
    host.message(true, () => 1);
    // @ts-expect-error
    host.message('a', 'not a function');
  });

  it('lets a bare pattern’s handler say what it takes', () => {
    host.message('a', (data: { id: number }) => data.id);
    host.message({ cmd: 'a' }, (data: string, _ctx: MessageContext) => data);
    host.message(7, () => 1);
  });

  it('gives the context of the transport', () => {
    host.message(
      GetUser,
      (_data, ctx) => {
        expectTypeOf(ctx).toEqualTypeOf<PigeonContext>();
        return sent;
      },
      { transport: 'pigeon' },
    );
    host.message('a', (_data: string, _ctx: PigeonContext) => 1, { transport: 'pigeon' });
    host.message('a', (_data, ctx) => expectTypeOf(ctx).toEqualTypeOf<MessageContext>(), { transport: 'carrier' });
    // @ts-expect-error
    host.message('a', (_data: string, _ctx: PigeonContext) => 1);
    // @ts-expect-error
    host.message('a', (_data: string, _ctx: PigeonContext) => 1, { transport: 'carrier' });
  });

  it('checks its options, and can be chained', () => {
    // @ts-expect-error
    host.message('a', () => 1, { transprot: 'pigeon' });
    // @ts-expect-error -- of events only
    host.message('a', () => 1, { broadcast: true });
    expectTypeOf(host.message('a', () => 1).event('b', () => 1)).toEqualTypeOf<Host>();
  });
});

describe('host.event', () => {
  it('types data and context', () => {
    host.event(Saved, (data, ctx) => {
      expectTypeOf(data).toEqualTypeOf<{ at: number }>();
      expectTypeOf(ctx).toEqualTypeOf<MessageContext>();
    });
    host.event(Saved, (_data, ctx) => expectTypeOf(ctx).toEqualTypeOf<PigeonContext>(), { transport: 'pigeon' });
    host.event('user.*', (data: { id: number }) => data.id, { broadcast: true, retry: { attempts: 1 } });
    host.event(Saved, async () => undefined);
  });

  it('refuses wrong data, contracts, contexts and options', () => {
    // @ts-expect-error
    host.event(Saved, (_data: { at: string }) => 1);
    // @ts-expect-error
    host.event(GetUser, () => 1);
    // @ts-expect-error
    host.event(Saved, (_data, _ctx: PigeonContext) => 1);
    // @ts-expect-error
    host.event('a', () => 1, { brodcast: true });
    // @ts-expect-error
    host.event('a', () => 1, { retry: { attempts: 'many' } });
  });
});

class WithArguments {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

describe('options', () => {
  it('of a host are checked', () => {
    createMicroservices({ controllers: [class {}], providers: [[class {}], provideMicroservices([])] });
    createMicroservices({ logger: console, startTimeout: 1, interceptors: { server: [], client: [] } });
    createMicroservices({ interceptors: { server: [(_call, next) => next()], client: [(call, next) => next(call)] } });
    // @ts-expect-error
    createMicroservices({ controller: [] });
    // @ts-expect-error
    createMicroservices({ interceptors: { sever: [] } });
    // @ts-expect-error
    createMicroservices({ logger: { warn: () => undefined } });
    // @ts-expect-error
    createMicroservices({ startTimeout: '10 s' });
    // @ts-expect-error -- nobody gives a controller its arguments
    createMicroservices({ controllers: [WithArguments] });
    // @ts-expect-error
    createMicroservices({ providers: [undefined] });
    // @ts-expect-error
    createMicroservices({ transports: [() => transport] });
    // @ts-expect-error
    void host.close({ timout: 1 });
  });

  it('of an entry are checked', () => {
    provideMicroservices([{ token: 'a', options: transport, listen: false, client: true }]);
    provideMicroservices([{ token: Symbol('a'), options: { transport: 'carrier', options: { timeout: 1 } } }]);
    // @ts-expect-error
    provideMicroservices([{ token: 'a' }]);
    // @ts-expect-error
    provideMicroservices([{ options: transport }]);
    // @ts-expect-error
    provideMicroservices([{ token: 'a', options: transport, lissten: true }]);
    // @ts-expect-error
    provideMicroservices([{ token: 'a', options: transport, listen: 'yes' }]);
    // @ts-expect-error
    provideMicroservices([{ token: 'a', options: { options: {} } }]);
  });
});

it('host.get gives what the token is of', () => {
  class Users {}
  expectTypeOf(host.get(new InjectionToken<ClientProxy>('main'))).toEqualTypeOf<ClientProxy>();
  expectTypeOf(host.get<ClientProxy>('main')).toEqualTypeOf<ClientProxy>();
  expectTypeOf(host.get(Users)).toEqualTypeOf<Users>();
});
