import { expect, it } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { FakeTransport } from '../../test/support/fake-transport.ts';
import { LogBook } from '../../test/support/log-book.ts';
import { RpcException } from '../errors/index.ts';
import { type ClientOptions, createClient } from './create-client.ts';

it('a client has the transport’s name, or its own', async () => {
  for (const [options, expected] of [
    [{}, '"fake"'],
    [{ name: undefined }, '"fake"'],
    [{ name: 'users' }, '"users"'],
  ] as const) {
    const client = createClient(new FakeTransport(), options);
    await client.close();
    expect(await errorOf(client.send('a'))).toMatchObject({ message: expect.stringContaining(expected) as string });
  }
});

it('it writes to its own log, and runs its interceptors', async () => {
  const transport = new FakeTransport();
  const logger = new LogBook();
  const client = createClient(transport, {
    logger,
    interceptors: [(call, next) => next({ ...call, data: 'changed' })],
  });
  await client.emit('saved', 1);
  expect(transport.client.link.sent).toMatchObject([{ body: '"changed"' }]);
  transport.client.receiver.lost('down');
  expect(logger.warnings).toHaveLength(1);
  await client.close();
});

it.each([undefined, null, 'tcp', {}, { transport: 'tcp' }, () => undefined])(
  'what is no transport is refused with 400: %o',
  (transport) => {
    expect(() => createClient(transport as never)).toThrow(
      expect.objectContaining({ name: 'RpcException', code: 400 }) as Error,
    );
  },
);

it.each<[string, unknown]>([
  ['object', null],
  ['object', 'users'],
  ['"nmae"', { nmae: 'users' }],
  ['"name"', { name: '' }],
  ['"name"', { name: 5 }],
  ['"logger"', { logger: {} }],
  ['"logger"', { logger: { warn: () => undefined } }],
  ['"interceptors"', { interceptors: () => undefined }],
  ['"interceptors"', { interceptors: [undefined] }],
])('a wrong option is refused with 400 that names %s: %o', (name, options) => {
  const refused = () => createClient(new FakeTransport(), options as ClientOptions);
  expect(refused).toThrow(RpcException);
  expect(refused).toThrow(/^createClient: /);
  expect(refused).toThrow(name);
});
