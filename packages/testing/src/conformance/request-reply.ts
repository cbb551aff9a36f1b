import { MessageContext, TimeoutError } from '@parley/core';
import { expect, it } from 'vitest';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

/** Characters that brokers and topic names have rules about. */
const awkwardPattern = 'users/get all?[1]:ü.\\^#>&';

/** Sizes of gRPC's interop case `large_unary`. */
const requestBytes = 271_828;
const replyBytes = 314_159;

export function requestReply(subject: ConformanceSubject): void {
  theme(
    subject,
    'request and reply',
    async (stage) => {
      const contexts: MessageContext[] = [];
      await stage.service((host) =>
        host
          .message('echo', (data) => data)
          .message('echo.later', async (data) => {
            await Promise.resolve();
            return data;
          })
          .message('type', (data) => (data === null ? 'null' : typeof data))
          .message('context', (_, context) => {
            contexts.push(context);
          })
          .message('large', (data) => new Uint8Array(replyBytes).fill((data as Uint8Array).byteLength % 251))
          .message(42, () => 'a number')
          .message({ cmd: 'sum', version: 2 }, () => 'an object')
          .message(awkwardPattern, () => 'awkward')
          .message('snake_case_name', () => 'snake'),
      );
      return { client: stage.client(), contexts };
    },
    (use) => {
      it('replies with what the handler returns, at once or later', async () => {
        const { client } = use().shared;
        expect(await client.send('echo', { a: [1, 'two', null] })).toEqual({ a: [1, 'two', null] });
        expect(await client.send('echo.later', 'text')).toBe('text');
      });

      it('keeps undefined and null apart, both ways (empty unary)', async () => {
        const { client } = use().shared;
        expect(await client.send('echo')).toBeUndefined();
        expect(await client.send('echo', undefined)).toBeUndefined();
        expect(await client.send('echo', null)).toBeNull();
        expect(await client.send('type')).toBe('undefined');
        expect(await client.send('type', null)).toBe('null');
      });

      it('carries 271 828 bytes there and 314 159 back (large unary)', async () => {
        const reply = await use().shared.client.send('large', new Uint8Array(requestBytes));
        expect(reply).toEqual(new Uint8Array(replyBytes).fill(requestBytes % 251));
      });

      it.each([
        [42, 'a number'],
        ['42', 'a number'],
        [{ version: 2, cmd: 'sum' }, 'an object'],
        ['{"cmd":"sum","version":2}', 'an object'],
        [awkwardPattern, 'awkward'],
        ['snake_case_name', 'snake'],
      ])('finds the handler of the pattern %o', async (pattern, expected) => {
        expect(await use().shared.client.send(pattern)).toBe(expected);
      });

      it.each([[''], ['a*'], [Number.NaN], ['x'.repeat(1025)], [{ a: () => 1 }], [undefined]])(
        'refuses to send to %o with 400',
        async (pattern) => {
          await expect(use().shared.client.send(pattern as string)).rejects.toMatchObject({ code: 400 });
        },
      );

      it('tells the handler about its message', async () => {
        const { stage, shared } = use();
        await shared.client.send('context');
        const context = shared.contexts.at(-1);
        expect(context).toBeInstanceOf(MessageContext);
        expect(context).toMatchObject({ pattern: 'context', isEvent: false, attempt: 1, headers: {} });
        expect(context?.transport).toBe(stage.world.client(undefined).transport);
        expect(context?.correlationId).toEqual(expect.any(String));
      });

      it('gives each answer to its own caller, whatever the order they come in', async () => {
        const { stage } = use();
        const waiting: (() => void)[] = [];
        const service = await stage.service((host) =>
          host.message('reversed', async (data) => {
            await new Promise<void>((resolve) => waiting.push(resolve));
            return data;
          }),
        );
        const clients = [service.client(), service.client()];
        const replies = clients.flatMap((client, which) =>
          [0, 1, 2, 3, 4].map((index) => client.send('reversed', `${which}.${index}`)),
        );
        await stage.until(() => waiting.length === 10, 'all ten were asked');
        for (const answer of waiting.reverse()) answer();
        const expected = [0, 1].flatMap((which) => [0, 1, 2, 3, 4].map((index) => `${which}.${index}`));
        expect(await Promise.all(replies)).toEqual(expected);
      });

      it('answers one call after the other', async () => {
        const { client } = use().shared;
        for (let index = 0; index < 100; index += 1) expect(await client.send('echo', index)).toBe(index);
      });

      it('connects early when asked to, and as often as asked to', async () => {
        const { stage } = use();
        const client = stage.client();
        expect(client.status.state).toBe('idle');
        await Promise.all([client.connect(), client.connect()]);
        await client.connect();
        expect(client.status.state).toBe('ready');
        expect(await client.send('echo', 1)).toBe(1);
      });

      it.each([{ timeout: -1 }, { timeout: Number.NaN }, { signal: {} }, { retry: { attempts: 0 } }, { headers: 'x' }])(
        'refuses the call options %o with 400',
        async (options) => {
          await expect(use().shared.client.send('echo', 1, options as never)).rejects.toMatchObject({ code: 400 });
        },
      );

      it(`ends a call for which there is no handler (unimplemented method: ${subject.supports.noHandler})`, async () => {
        const { client } = use().shared;
        await expectNobody(
          client.send('nobody.serves.this', 1, { timeout: waitOf(subject.supports.noHandler) }),
          subject.supports.noHandler,
        );
      });
    },
  );

  theme(
    subject,
    'nobody listens',
    () => undefined,
    (use) => {
      it(`ends the call (${subject.supports.nobodyListens})`, async () => {
        const { nobodyListens } = subject.supports;
        const client = use().stage.client();
        await expectNobody(client.send('nobody.is.there', 1, { timeout: waitOf(nobodyListens) }), nobodyListens);
      });
    },
  );
}

/** Where the call waits, not for long; elsewhere the answer comes long before this. */
function waitOf(outcome: '404' | '503' | 'waits'): number {
  return outcome === 'waits' ? 300 : 10_000;
}

async function expectNobody(call: Promise<unknown>, outcome: '404' | '503' | 'waits'): Promise<void> {
  if (outcome === 'waits') await expect(call).rejects.toBeInstanceOf(TimeoutError);
  else await expect(call).rejects.toMatchObject({ code: Number(outcome) });
}
