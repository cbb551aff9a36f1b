import { TimeoutError } from '@parley/core';
import { expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';
import { onTheWay } from './times.ts';

export function defer(subject: ConformanceSubject): void {
  theme(
    subject,
    'deferResponse',
    async (stage) => {
      const elapsed = (milliseconds: number) => {
        const end = performance.now() + milliseconds;
        return stage.until(() => performance.now() >= end, `${milliseconds} ms passed`);
      };
      const event = recordCalls((_, context) => context.deferResponse(1000));
      const service = await stage.service((host) =>
        host
          .message('slow', async (data, context) => {
            const { defer, take } = data as { defer: readonly number[]; take: number };
            for (const milliseconds of defer) context.deferResponse(milliseconds);
            const { deadline } = context;
            await elapsed(take);
            return deadline;
          })
          .message('never', (data, context) => {
            for (const milliseconds of data as readonly number[]) context.deferResponse(milliseconds);
            return new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
          })
          .message('bad', (data, context) => context.deferResponse(data as number))
          .event('deferring', event, { retry: { attempts: 1 } }),
      );
      const client = stage.client();
      // Calls here have little time, and finding the way is no part of it.
      await client.connect();
      return { client, service, event };
    },
    (use) => {
      it('moves the deadline of both sides', async () => {
        const { client } = use().shared;
        const before = Date.now();
        const data = { defer: [60_000], take: onTheWay + 300 };
        const deadline = (await client.send('slow', data, { timeout: onTheWay })) as number;
        expect(deadline).toBeGreaterThanOrEqual(before + 60_000 - 5);
        expect(deadline).toBeLessThan(Date.now() + 60_000);
      });

      it('counts from when it was last said', async () => {
        const { client } = use().shared;
        await client.send('slow', { defer: [1000, 60_000], take: 1300 });
        const begun = performance.now();
        const call = client.send('never', [60_000, 100], { timeout: 60_000 });
        await expect(call).rejects.toBeInstanceOf(TimeoutError);
        expect(performance.now() - begun).toBeLessThan(10_000);
      });

      it('ends with 408 when the new deadline has passed, too', async () => {
        const begun = performance.now();
        await expect(use().shared.client.send('never', [100], { timeout: 60_000 })).rejects.toBeInstanceOf(
          TimeoutError,
        );
        expect(performance.now() - begun).toBeLessThan(10_000);
      });

      it('never goes beyond what the caller itself has inherited', async () => {
        const { stage, shared } = use();
        const service = await stage.service((host) =>
          host.message('outer', () => shared.client.send('never', [60_000])),
        );
        await expect(service.client().send('outer', undefined, { timeout: 1000 })).rejects.toBeInstanceOf(TimeoutError);
        // Long before the time that its handler asked for, after which it would end, too.
        await stage.until(() => shared.client.pending === 0, 'the inner call had ended, too');
      });

      it.each([0, -1, Number.NaN, 2 ** 31, 'soon'])('refuses %s with 400', async (milliseconds) => {
        await expect(use().shared.client.send('bad', milliseconds)).rejects.toMatchObject({ code: 400 });
      });

      it('fails the handler of an event, for which nobody waits', async () => {
        const { stage, shared } = use();
        await shared.client.emit('deferring', 1);
        await waitForCall(shared.event, 1, { timeout: stage.patience });
        await stage.until(() => shared.service.log.find('error', 'deferring').length > 0, 'the failure was logged');
      });
    },
  );
}
