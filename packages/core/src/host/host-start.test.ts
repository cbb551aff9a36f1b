import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { FakeTransport, type TransporterBehaviour } from '../../test/support/fake-transport.ts';
import { LogBook } from '../../test/support/log-book.ts';
import { RpcException } from '../errors/index.ts';
import { createMicroservices } from './create-microservices.ts';
import { provideMicroservices } from './provide-microservices.ts';

const down: TransporterBehaviour = {
  listen: () => Promise.reject(new RpcException('The broker is down', { code: 503 })),
};
const taken: TransporterBehaviour = {
  listen: () => Promise.reject(new RpcException('The port is in use', { code: 409 })),
};

/** A host with an entry for each of these behaviours. */
function hostOf(behaviours: readonly TransporterBehaviour[], options: { readonly startTimeout?: number } = {}) {
  const logger = new LogBook();
  const transports = behaviours.map((behaviour) => {
    const transport = new FakeTransport();
    transport.transporterBehaviour = behaviour;
    return transport;
  });
  const entries = transports.map((transport, index) => ({ token: `entry ${index}`, options: transport }));
  const host = createMicroservices({ providers: [provideMicroservices(entries)], logger, ...options });
  return { host, transports, logger };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('start', () => {
  it('resolves when every entry listens', async () => {
    const listening = Promise.withResolvers<void>();
    const { host, transports } = hostOf([{}, { listen: () => listening.promise }]);
    let started = false;
    const starting = host.start().then(() => {
      started = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(transports.map(({ transporter }) => transporter.log)).toEqual([['listen'], ['listen']]);
    expect(started).toBe(false);
    listening.resolve();
    await starting;
    await host.close();
  });

  it('starts once, however often and whenever it is called', async () => {
    const { host, transports } = hostOf([{}]);
    await Promise.all([host.start(), host.start()]);
    await host.start();
    expect(transports[0]?.transporters).toHaveLength(1);
    await host.close();
  });

  it('connects no client: the first call does', async () => {
    const { host, transports } = hostOf([{}]);
    await host.start();
    expect(transports[0]?.clients).toEqual([]);
    await host.close();
  });

  it('tries a broker that is down again until it is up', async () => {
    let tries = 0;
    const { host, logger } = hostOf([
      {
        listen: () => {
          tries += 1;
          return tries < 3 ? Promise.reject(new RpcException('down', { code: 503 })) : Promise.resolve();
        },
      },
    ]);
    const started = host.start();
    await vi.advanceTimersByTimeAsync(9000);
    await started;
    expect(tries).toBe(3);
    expect(logger.warnings).toEqual([expect.stringMatching(/"entry 0".*trying again: down/)]);
    await host.close();
  });

  it.each([
    ['10 s', {}, 10_000],
    ['startTimeout', { startTimeout: 3000 }, 3000],
    ['no time when startTimeout is 0', { startTimeout: 0 }, 0],
  ])('gives a broker that stays down %s', async (_name, options, time) => {
    const { host, transports } = hostOf([down], options);
    const failed = errorOf(host.start());
    await vi.advanceTimersByTimeAsync(Math.max(0, time - 1001));
    const triesBefore = transports[0]?.transporters.length ?? 0;
    if (time > 0) expect(host.health()).toMatchObject({ 'entry 0': { transporter: { state: 'starting' } } });
    await vi.advanceTimersByTimeAsync(1001);
    expect(await failed).toMatchObject({ code: 503, message: 'The broker is down' });
    expect(triesBefore).toBeGreaterThan(time === 0 ? 0 : 2);
    expect(host.health()).toMatchObject({ 'entry 0': { transporter: { state: 'closed' } } });
  });

  it('gives up at once when trying again would not help', async () => {
    const { host, transports } = hostOf([taken]);
    expect(await errorOf(host.start())).toMatchObject({ code: 409, message: 'The port is in use' });
    expect(transports[0]?.transporters).toHaveLength(1);
  });

  it('gives up at once also while the broker of another entry is down', async () => {
    const { host } = hostOf([down, taken, down]);
    let error: unknown;
    const failed = errorOf(host.start()).then((reason) => {
      error = reason;
    });
    await vi.advanceTimersByTimeAsync(100);
    const early = error;
    await vi.advanceTimersByTimeAsync(20_000);
    await failed;
    expect(early).toMatchObject({ code: 409, message: 'The port is in use' });
  });
});

describe('a start that failed', () => {
  it('has closed what had been started, the clients last', async () => {
    const { host, transports } = hostOf([{}, taken]);
    await errorOf(host.start());
    expect(transports[0]?.transporter.log).toEqual(['listen', 'pause', 'close']);
    expect(transports[1]?.transporter.log).toEqual(['listen', 'close']);
    expect(host.health()).toMatchObject({
      'entry 0': { transporter: { state: 'closed' }, client: { state: 'closed' } },
      'entry 1': { transporter: { state: 'closed' }, client: { state: 'closed' } },
    });
  });

  it('rejects for everyone, and for good', async () => {
    const { host } = hostOf([taken]);
    const [one, two] = [errorOf(host.start()), errorOf(host.start())];
    expect(await one).toMatchObject({ code: 409 });
    expect(await two).toBe(await one);
    expect(await errorOf(host.start())).toBeInstanceOf(RpcException);
    await host.close();
  });

  it('says why, whatever closing has to say', async () => {
    const { host, logger } = hostOf([{ close: () => Promise.reject(new Error('no close')) }, taken]);
    expect(await errorOf(host.start())).toMatchObject({ code: 409 });
    expect(logger.warnings).toEqual([expect.stringContaining('"entry 0"')]);
  });
});
