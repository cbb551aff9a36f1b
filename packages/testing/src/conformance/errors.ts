import { RpcCode, RpcException, TimeoutError, ValidationError } from '@parley/core';
import { expect, it } from 'vitest';
import { cannotBeSent, throwables } from './hostile-values.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

/** The message of gRPC's interop case `special_status_message`. */
const specialMessage = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';

export function errors(subject: ConformanceSubject): void {
  theme(
    subject,
    'errors',
    async (stage) => {
      const service = await stage.service((host) =>
        host
          .message('echo', (data) => data)
          .message('fail', (data) => {
            const { code, message, details, metadata } = data as {
              code: RpcCode;
              message: string;
              details: unknown;
              metadata: Record<string, unknown>;
            };
            throw new RpcException(message, { code, details, metadata });
          })
          .message('fail.timeout', () => {
            throw new TimeoutError('the database took too long');
          })
          .message('fail.validation', () => {
            throw new ValidationError('no good', [{ message: 'too short', path: ['name', 0] }]);
          })
          .message('throw', (name) => throwables.get(name as string)?.())
          .message('throw.later', async (name) => {
            await Promise.resolve();
            return throwables.get(name as string)?.();
          })
          .message('return', (name) => cannotBeSent.get(name as string)?.())
          .message('return.later', async (name) => {
            await Promise.resolve();
            return cannotBeSent.get(name as string)?.();
          })
          .message('reject.with.details', (name) => {
            throw new RpcException('odd details', {
              code: RpcCode.Conflict,
              details: cannotBeSent.get(name as string)?.(),
            });
          }),
      );
      return { service, client: stage.client() };
    },
    (use) => {
      it.each(Object.entries(RpcCode))('carries %s (%i) with its message, details and metadata', async (name, code) => {
        const call = use().shared.client.send('fail', {
          code,
          message: `it was ${name}`,
          details: [{ deep: [1] }],
          metadata: { retry: false },
        });
        const error = await call.catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(RpcException);
        expect(error).toMatchObject({ code, message: `it was ${name}`, metadata: { retry: false } });
        expect((error as RpcException).details).toEqual([{ deep: [1] }]);
      });

      it('carries whitespace and unicode in a message (special status message)', async () => {
        const call = use().shared.client.send('fail', { code: RpcCode.Conflict, message: specialMessage });
        await expect(call).rejects.toMatchObject({ code: 409, message: specialMessage });
      });

      it('gives the subclasses back as what they were', async () => {
        const { client } = use().shared;
        await expect(client.send('fail.timeout')).rejects.toBeInstanceOf(TimeoutError);
        const invalid: unknown = await client.send('fail.validation').catch((thrown: unknown) => thrown);
        expect(invalid).toBeInstanceOf(ValidationError);
        expect((invalid as ValidationError).details).toEqual([{ message: 'too short', path: ['name', 0] }]);
      });

      it.each(
        [...throwables.keys()].flatMap((name) => [
          [name, 'throw'],
          [name, 'throw.later'],
        ]),
      )('turns %s (%s) into 500 "Internal error" and leaks nothing', async (name, pattern) => {
        const error: unknown = await use()
          .shared.client.send(pattern, name)
          .catch((thrown: unknown) => thrown);
        expectCleanInternalError(error);
      });

      it('logs what the caller is not told', async () => {
        const { client, service } = use().shared;
        const before = service.log.find('error', 'throw').length;
        await client.send('throw', 'an Error').catch(() => undefined);
        const lines = service.log.find('error', 'throw');
        expect(lines).toHaveLength(before + 1);
        expect(lines.at(-1)?.detail).toMatchObject({ message: 'secret' });
      });

      it.each(
        [...cannotBeSent.keys()].flatMap((name) => [
          [name, 'return'],
          [name, 'return.later'],
        ]),
      )('answers 500 when a handler returns %s (%s), and goes on', async (name, pattern) => {
        const { client } = use().shared;
        const error: unknown = await client.send(pattern, name).catch((thrown: unknown) => thrown);
        expectCleanInternalError(error);
        expect(await client.send('echo', 'still there')).toBe('still there');
      });

      it.each([...cannotBeSent.keys()])('sends an exception without its details when those are %s', async (name) => {
        const call = use().shared.client.send('reject.with.details', name);
        await expect(call).rejects.toMatchObject({ code: 409, message: 'odd details' });
      });

      it('keeps the error of one call from the others', async () => {
        const { client } = use().shared;
        const calls = Array.from({ length: 50 }, (_, index) =>
          index % 2 === 0 ? client.send('echo', index) : client.send('throw', 'an Error').catch(() => 'failed'),
        );
        expect(await Promise.all(calls)).toEqual(
          Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? index : 'failed')),
        );
      });

      it.each([...cannotBeSent.keys()])('refuses to send %s with 400, and goes on', async (name) => {
        const { client } = use().shared;
        await expect(client.send('echo', cannotBeSent.get(name)?.())).rejects.toMatchObject({ code: 400 });
        expect(await client.send('echo', 'still there')).toBe('still there');
      });
    },
  );
}

function expectCleanInternalError(error: unknown): void {
  expect(error).toBeInstanceOf(RpcException);
  const { code, message, details, metadata, cause, stack } = error as RpcException;
  expect({ code, message, details, metadata, cause }).toEqual({
    code: 500,
    message: 'Internal error',
    details: undefined,
    metadata: undefined,
    cause: undefined,
  });
  expect(stack ?? '').not.toContain('secret');
}
