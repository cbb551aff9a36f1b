import { type MessageContext, TimeoutError } from '@parley/core';
import { expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import { gate, iterate } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';
import { onTheWay } from './times.ts';

export function deadlines(subject: ConformanceSubject): void {
  theme(
    subject,
    'deadlines',
    async (stage) => {
      await stage.service((host) =>
        host
          .message('echo', (data) => data)
          .message('deadline', (_, context) => context.deadline)
          .message('deadline.nested', async (_, context) => [context.deadline, await context.send('deadline')])
          .message('deadline.nested.later', async (_, context) => {
            await Promise.resolve();
            return [context.deadline, await context.send('deadline', undefined, { timeout: 3_600_000 })];
          })
          .message('deadline.nested.sooner', async (_, context) => [
            context.deadline,
            await context.send('deadline', undefined, { timeout: 10_000 }),
          ])
          .message(
            'sleep',
            (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
          ),
      );
      return { client: stage.client() };
    },
    (use) => {
      it('ends the call in time when the server sleeps (timeout on sleeping server)', async () => {
        const { client } = use().shared;
        const begun = performance.now();
        await expect(client.send('sleep', undefined, { timeout: 1 })).rejects.toBeInstanceOf(TimeoutError);
        await expect(client.send('sleep', undefined, { timeout: 100 })).rejects.toMatchObject({ code: 408 });
        // Before the default timeout would end them.
        expect(performance.now() - begun).toBeLessThan(10_000);
      });

      it('ends a stream whose first reply does not come in time', async () => {
        const replies = iterate(use().shared.client.stream('sleep', undefined, { timeout: 50 }));
        await expect(replies.next()).rejects.toBeInstanceOf(TimeoutError);
      });

      it('travels to the handler', async () => {
        const { client } = use().shared;
        const before = Date.now();
        const deadline = (await client.send('deadline', undefined, { timeout: 60_000 })) as number;
        expect(deadline).toBeGreaterThan(before + 60_000 - onTheWay);
        expect(deadline).toBeLessThan(Date.now() + 60_000 + onTheWay);
        const byDefault = (await client.send('deadline')) as number;
        expect(byDefault).toBeGreaterThan(before + 20_000 - onTheWay);
        expect(byDefault).toBeLessThan(Date.now() + 20_000 + onTheWay);
      });

      it('does not exist when the caller wants none', async () => {
        expect(await use().shared.client.send('deadline', undefined, { timeout: 0 })).toBeUndefined();
      });

      it('is the client’s own unless the call says otherwise', async () => {
        const client = use().stage.client({ timeout: 30 });
        await expect(client.send('sleep')).rejects.toBeInstanceOf(TimeoutError);
        expect(await client.send('echo', 1, { timeout: 10_000 })).toBe(1);
      });

      it.runIf(!subject.supports.peerCalls).each(['deadline.nested', 'deadline.nested.later'])(
        'is inherited by the calls that a handler makes (%s)',
        async (pattern) => {
          const { client } = use().shared;
          // Half of the default: what is not inherited is off by the other half.
          const [outer, inner] = (await client.send(pattern, undefined, { timeout: 10_000 })) as [number, number];
          // Where no clock is shared, each way begins it anew.
          expect(Math.abs(inner - outer)).toBeLessThan(onTheWay);
        },
      );

      it.runIf(!subject.supports.peerCalls)('may be made sooner by the handler for its own calls', async () => {
        const [outer, inner] = (await use().shared.client.send('deadline.nested.sooner', undefined, {
          timeout: 60_000,
        })) as [number, number];
        expect(inner).toBeLessThan(outer - 30_000);
      });

      it('is inherited through another client of the service', async () => {
        const { stage, shared } = use();
        const service = await stage.service((host) =>
          host.message('deadline.through', async () => shared.client.send('deadline')),
        );
        const before = Date.now();
        const inner = (await service.client().send('deadline.through', undefined, { timeout: 10_000 })) as number;
        expect(inner).toBeLessThanOrEqual(Date.now() + 10_000);
        expect(inner).toBeGreaterThan(before + 10_000 - onTheWay);
      });

      it('that has passed while the request waited keeps it from being handled', async () => {
        const { stage } = use();
        const free = gate();
        const handler = recordCalls(async (data: unknown, _: MessageContext) => {
          if (data === 'first') await free.opened;
        });
        const service = await stage.service((host) => host.message('one.at.a.time', handler), { concurrency: 1 });
        const client = service.client();
        const first = client.send('one.at.a.time', 'first');
        await waitForCall(handler, 'first', { timeout: stage.patience });
        const outcome = await client
          .send('one.at.a.time', 'second', { timeout: 50 })
          .catch((thrown: unknown) => thrown);
        // What refuses at once may still not be heard within so short a time.
        const codes: unknown[] = subject.supports.waitsForRoom ? [408] : [429, 408];
        expect(codes).toContain((outcome as { code?: unknown }).code);
        if (subject.supports.waitsForRoom) {
          // A broker counts the waiting from when it has the request, later than the caller: what is sent after it has been answered.
          expect(await client.send('echo', 1)).toBe(1);
          const has = performance.now();
          await stage.until(() => performance.now() > has + 100, 'its time was over there, too');
        }
        free.open();
        await first;
        await client.send('one.at.a.time', 'third');
        expect(handler.calls.map(({ data }) => data)).toEqual(['first', 'third']);
      });
    },
  );
}
