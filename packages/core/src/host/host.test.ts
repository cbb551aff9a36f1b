import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { eventOf, FakeLink, request } from '../../test/support/fake-link.ts';
import { FakeTransport, FakeTransporter } from '../../test/support/fake-transport.ts';
import { LogBook } from '../../test/support/log-book.ts';
import type { ClientProxy } from '../client/index.ts';
import { Controller, EventPattern } from '../decorators/index.ts';
import { createMicroservices } from './create-microservices.ts';
import type { HostOptions } from './host-options.ts';
import { provideMicroservices } from './provide-microservices.ts';

/** A host with one fake connection. */
function hostWith(options: HostOptions = {}, token = 'main') {
  const transport = new FakeTransport();
  const logger = new LogBook();
  const providers = [provideMicroservices([{ token, options: transport }])];
  return { transport, logger, host: createMicroservices({ logger, ...options, providers }) };
}

// What a host refuses, and how it starts and stops, is tested file by file beside this one.

describe('a host', () => {
  it('runs its client interceptors around every call of its clients', async () => {
    const { host, transport } = hostWith({
      interceptors: { client: [(call, next) => next({ ...call, data: `${String(call.data)} by ${call.client}` })] },
    });
    await host.start();
    await host.get<ClientProxy>('main').emit('saved', 'sent');
    expect(transport.client.link.sent).toMatchObject([{ kind: 'event', body: '"sent by main"' }]);
    await host.close();
  });

  it('calls a handler without a name by its pattern in the log', async () => {
    const { host, transport, logger } = hostWith();
    host.message('sum', () => {
      throw new Error('x');
    });
    await host.start();
    transport.transporter.hub.attach(new FakeLink()).receive(request());
    expect(logger.errors).toEqual([expect.stringContaining('message("sum")')]);
    await host.close();
  });

  it('gives an event to every controller that listens, on the transports that it listens on', async () => {
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

  it('gives the transport’s own objects', async () => {
    const { host, transport } = hostWith();
    await host.start();
    expect(host.transporter('main').unwrap(FakeTransporter)).toBe(transport.transporter);
    expect(() => host.transporter('main').unwrap(Map)).toThrow(TypeError);
    await host.close();
  });

  it('whose token is a name of Object’s is as healthy as others', async () => {
    const { host } = hostWith({}, '__proto__');
    await host.start();
    expect(Object.entries(host.health())).toMatchObject([['__proto__', { transporter: { state: 'ready' } }]]);
    expect(JSON.stringify(host.health())).toContain('"ready"');
    await host.close();
  });

  it.each([-1, Number.NaN, '5 s'])('does not close within %o, and can be closed all the same', async (timeout) => {
    const { host } = hostWith();
    await host.start();
    const closing = (async () => host.close({ timeout: timeout as number }))();
    expect(await errorOf(closing)).toMatchObject({ name: 'RpcException', code: 400 });
    await host.close();
    expect(host.health()).toMatchObject({ main: { transporter: { state: 'closed' } } });
  });
});
