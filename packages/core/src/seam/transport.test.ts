import { expect, it, vi } from 'vitest';
import { connectsAtOnce, FakeClient, FakeTransporter } from '../../test/support/fake-transport.ts';
import type { EndpointOptions } from './endpoint-options.ts';
import { defineTransport } from './transport.ts';

interface PigeonOptions extends EndpointOptions {
  readonly loft?: string;
}

const sides = {
  createTransporter: () => new FakeTransporter({}),
  createClient: () => new FakeClient(connectsAtOnce),
};

it('a transport’s function is called by its name, and reads core’s options', () => {
  const create = vi.fn<(options: PigeonOptions) => typeof sides>(() => sides);
  const pigeon = defineTransport('pigeon', create);
  expect(pigeon.transport).toBe('pigeon');
  const transport = pigeon({ loft: 'north', timeout: 5 });
  expect(transport).toMatchObject({ transport: 'pigeon', endpoint: { timeout: 5, buffer: 128 } });
  expect(create).toHaveBeenCalledExactlyOnceWith({ loft: 'north', timeout: 5 });
  expect(transport.createClient()).toBeInstanceOf(FakeClient);
});

it('options may be left out', () => {
  expect(defineTransport('pigeon', () => sides)().endpoint.timeout).toBe(20_000);
});

it('a transport may have defaults of its own', () => {
  const pigeon = defineTransport<PigeonOptions>('pigeon', ({ loft }) => ({
    ...sides,
    ...(loft === 'small' && { defaults: { concurrency: 2, timeout: 100 } }),
  }));
  expect(pigeon().endpoint).toMatchObject({ concurrency: 65_536, timeout: 20_000 });
  expect(pigeon({ loft: 'small', timeout: undefined }).endpoint).toMatchObject({ concurrency: 2, timeout: 100 });
  expect(pigeon({ loft: 'small', concurrency: 3 }).endpoint).toMatchObject({ concurrency: 3, timeout: 100 });
});

it('a wrong option is told with the transport’s name', () => {
  const pigeon = defineTransport<PigeonOptions>('pigeon', () => sides);
  expect(() => pigeon({ timeout: -1 })).toThrow('pigeon: the option "timeout"');
});

it.each([null, 5, 'localhost'])('options that are no object are told, too: %s', (options) => {
  const pigeon = defineTransport<PigeonOptions>('pigeon', () => sides);
  expect(() => pigeon(options as never)).toThrow(
    expect.objectContaining({
      name: 'RpcException',
      code: 400,
      message: expect.stringContaining('pigeon') as string,
    }) as Error,
  );
});
