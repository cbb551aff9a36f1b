import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeLink, request } from '../../test/support/fake-link.ts';
import { connectsLater, FakeTransport } from '../../test/support/fake-transport.ts';
import { LogBook } from '../../test/support/log-book.ts';
import type { ClientProxy } from '../client/index.ts';
import { createMicroservices } from './create-microservices.ts';
import { provideMicroservices } from './provide-microservices.ts';

/** A transport whose transporters say where they listen. */
function withAddress(address: string): FakeTransport {
  const transport = new FakeTransport();
  const create = transport.createTransporter.bind(transport);
  transport.createTransporter = () => Object.defineProperty(create(), 'address', { value: address });
  return transport;
}

function hostOf(transport: FakeTransport) {
  return createMicroservices({
    providers: [provideMicroservices([{ token: 'main', options: transport }])],
    logger: new LogBook(),
  });
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1000 });
});

afterEach(() => {
  vi.useRealTimers();
});

it('follows the transporter through its life, and says since when', async () => {
  const transport = withAddress('127.0.0.1:8888');
  const [listening, pausing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  transport.transporterBehaviour = { listen: () => listening.promise, pause: () => pausing.promise };
  const host = hostOf(transport);
  const state = () => host.health()['main']?.transporter;
  expect(host.health()).toEqual({});

  const started = host.start();
  await vi.advanceTimersByTimeAsync(0);
  expect(state()).toEqual({ state: 'starting', since: new Date(1000), handling: 0 });
  vi.setSystemTime(2000);
  listening.resolve();
  await started;
  expect(state()).toEqual({ state: 'ready', since: new Date(2000), handling: 0, address: '127.0.0.1:8888' });
  vi.setSystemTime(3000);
  const closed = host.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(state()).toEqual({ state: 'draining', since: new Date(3000), handling: 0, address: '127.0.0.1:8888' });
  vi.setSystemTime(4000);
  pausing.resolve();
  await closed;
  expect(state()).toEqual({ state: 'closed', since: new Date(4000), handling: 0 });
});

it('has no address where that means nothing', async () => {
  const host = hostOf(new FakeTransport());
  await host.start();
  expect(host.health()['main']?.transporter).not.toHaveProperty('address');
  await host.close();
});

it('counts the handlers that run', async () => {
  const transport = new FakeTransport();
  const hold = Promise.withResolvers<void>();
  const host = hostOf(transport).message('sum', () => hold.promise);
  await host.start();
  const receiver = transport.transporter.hub.attach(new FakeLink());
  for (const id of [1, 2]) receiver.receive(request({ id }));
  expect(host.health()).toMatchObject({ main: { transporter: { handling: 2 }, client: { handling: 0 } } });
  hold.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(host.health()).toMatchObject({ main: { transporter: { handling: 0 } } });
  await host.close();
});

it('follows the client through its life, and counts its calls', async () => {
  const transport = new FakeTransport();
  transport.clientBehaviour = connectsLater;
  const host = hostOf(transport);
  const state = () => host.health()['main']?.client;
  await host.start();
  expect(state()).toEqual({ state: 'idle', since: new Date(1000), pending: 0, handling: 0 });

  const call = host.get<ClientProxy>('main').send('sum', 1, { timeout: 0 });
  expect(state()).toMatchObject({ state: 'connecting', pending: 1 });
  await vi.advanceTimersByTimeAsync(0);
  vi.setSystemTime(2000);
  const receiver = transport.client.attach();
  expect(state()).toEqual({ state: 'ready', since: new Date(2000), pending: 1, handling: 0 });
  await vi.advanceTimersByTimeAsync(0);
  vi.setSystemTime(3000);
  receiver.detach(new Error('reset'));
  await expect(call).rejects.toMatchObject({ code: 502 });
  expect(state()).toEqual({ state: 'disconnected', since: new Date(3000), pending: 0, handling: 0 });
  vi.setSystemTime(4000);
  await host.close();
  expect(state()).toEqual({ state: 'closed', since: new Date(4000), pending: 0, handling: 0 });
});
