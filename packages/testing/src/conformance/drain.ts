import type { RpcException } from '@parley/core';
import { expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import { collectUntilError, gate, iterate } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';
import { leaseInterval, onTheWay } from './times.ts';

export function drain(subject: ConformanceSubject): void {
  const { supports } = subject;
  /** Where requests wait for an instance, one that nobody comes for ends at its deadline. */
  const mayWait = supports.takeover || supports.nobodyListens === 'waits';
  const refusals: unknown[] = mayWait ? [503, 408] : [503];
  /** Of calls that may be left waiting, where they end by nothing else; elsewhere it is not to strike. */
  const timeout = mayWait ? onTheWay : 20_000;

  theme(
    subject,
    'drain',
    () => undefined,
    (use) => {
      it('lets running handlers finish, and their replies reach their callers', async () => {
        const { stage } = use();
        const goOn = gate();
        const slow = recordCalls(async (data) => {
          await goOn.opened;
          return data;
        });
        const service = await stage.service((host) => host.message('slow', slow));
        const client = service.client();
        const calls = [1, 2, 3].map((data) => client.send('slow', data));
        await stage.until(() => slow.calls.length === 3, 'all three ran');
        const closed = service.host.close();
        goOn.open();
        expect(await Promise.all(calls)).toEqual([1, 2, 3]);
        await closed;
        expect(service.handling()).toBe(0);
      });

      it('takes nothing new: soon calls are refused, safe to retry, or wait for another instance', async () => {
        const { stage } = use();
        const goOn = gate();
        const slow = recordCalls(() => goOn.opened);
        const quick = recordCalls();
        const service = await stage.service((host) => host.message('slow', slow).message('quick', quick));
        const client = service.client();
        const first = client.send('slow', 'first');
        await waitForCall(slow, 'first', { timeout: stage.patience });
        const closed = service.host.close();
        const call = () =>
          client.send('quick', 1, { timeout }).catch((thrown: unknown) => (thrown as RpcException).code);
        await stage.until(async () => refusals.includes(await call()), 'calls were refused');
        const handled = quick.calls.length;
        for (const outcome of await Promise.all([call(), call(), call()])) expect(refusals).toContain(outcome);
        expect(quick.calls).toHaveLength(handled);
        goOn.open();
        await Promise.all([first, closed]);
      });

      it('loses no call under load: each is answered, or refused', async () => {
        const { stage } = use();
        let handled = 0;
        const service = await stage.service((host) =>
          host.message('load', async (data) => {
            await new Promise((resolve) => setImmediate(resolve));
            handled += 1;
            return data;
          }),
        );
        const client = service.client();
        await client.connect();
        let answered = 0;
        const outcomes: Promise<unknown>[] = [];
        const send = (index: number) =>
          outcomes.push(
            client.send('load', index, { timeout }).then(
              () => {
                answered += 1;
                return 'answered';
              },
              (thrown: unknown) => (thrown as RpcException).code,
            ),
          );
        let closed: Promise<void> | undefined;
        for (let index = 0; index < 400; index += 1) {
          send(index);
          if (index === 200) closed = service.host.close();
          if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        await closed;
        expect(
          (await Promise.all(outcomes)).filter((outcome) => outcome !== 'answered' && !refusals.includes(outcome)),
        ).toEqual([]);
        expect(answered).toBe(handled);
      });

      it('gives up on handlers that do not end, after its timeout, and tells them', async () => {
        const { stage } = use();
        const never = gate();
        const stuck = recordCalls(() => never.opened);
        const service = await stage.service((host) => host.message('stuck', stuck));
        const client = service.client();
        const call = client.send('stuck', 1, { timeout: onTheWay }).catch((thrown: unknown) => thrown);
        const { context } = await waitForCall(stuck, 1, { timeout: stage.patience });
        const begun = performance.now();
        await service.host.close({ timeout: 100 });
        // Less than the default.
        expect(performance.now() - begun).toBeLessThan(8000);
        expect(context.signal.aborted).toBe(true);
        // Where the broker keeps the request, it waits there for another instance.
        expect([502, 503, 408]).toContain(((await call) as RpcException).code);
        never.open();
      });

      it('still hears its callers cancel', async () => {
        const { stage } = use();
        const stuck = recordCalls(
          (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
        );
        const service = await stage.service((host) => host.message('stuck', stuck));
        const controller = new AbortController();
        const call = service.client().send('stuck', 1, { signal: controller.signal });
        await waitForCall(stuck, 1, { timeout: stage.patience });
        const closed = service.host.close();
        await stage.until(() => service.host.health()['service']?.transporter?.state === 'draining', 'it drained');
        controller.abort();
        await expect(call).rejects.toMatchObject({ code: 499 });
        await closed;
        expect(stuck.calls[0]?.context.signal.aborted).toBe(true);
      });

      it('ends streams that do not end by themselves', async () => {
        const { stage } = use();
        let ended = false;
        const service = await stage.service((host) =>
          host.message('endless', async function* () {
            try {
              for (let index = 0; ; index += 1) yield index;
            } finally {
              ended = true;
            }
          }),
        );
        const replies = iterate(service.client({ leaseInterval }).stream('endless', undefined, { buffer: 4 }));
        await replies.next();
        await service.host.close({ timeout: 50 });
        const { error } = await collectUntilError({ [Symbol.asyncIterator]: () => replies });
        expect((error as RpcException).code).toBe(502);
        await stage.until(() => ended, 'the generator was left');
      });

      it('finishes the events that are being handled', async () => {
        const { stage } = use();
        const goOn = gate();
        let finished = 0;
        const slow = recordCalls(async () => {
          await goOn.opened;
          finished += 1;
        });
        const service = await stage.service((host) => host.event('slow.event', slow));
        await service.client().emit('slow.event', 1);
        await waitForCall(slow, 1, { timeout: stage.patience });
        const closed = service.host.close();
        goOn.open();
        await closed;
        expect(finished).toBe(1);
      });

      it.runIf(supports.durableEvents)(
        'leaves events that wait to be tried again to the next instance',
        {
          timeout: 60_000,
        },
        async () => {
          const { stage } = use();
          const failing = recordCalls(() => {
            throw new Error('not here');
          });
          const policy = { retry: { attempts: 5, backoff: { initial: 60_000, max: 60_000 } } };
          const options = supports.groups ? { group: 'left' } : {};
          const service = await stage.service((host) => host.event('left.over', failing, policy), options);
          await service.client().emit('left.over', 1);
          await waitForCall(failing, 1, { timeout: stage.patience });
          await stage.until(() => service.log.find('error', 'left.over').length === 1, 'it had failed');
          const begun = performance.now();
          await service.host.close({ timeout: 25_000 });
          expect(performance.now() - begun).toBeLessThan(15_000);
          const next = recordCalls();
          await stage.service((host) => host.event('left.over', next), options);
          await waitForCall(next, 1, { timeout: stage.patience });
        },
      );

      it('closes as often as it is told to', async () => {
        const { stage } = use();
        const service = await stage.service((host) => host.message('echo', (data) => data));
        const client = service.client();
        expect(await client.send('echo', 1)).toBe(1);
        expect(service.host.health()['service']?.transporter?.state).toBe('ready');
        await Promise.all([service.host.close(), service.host.close()]);
        await service.host.close();
        expect(service.host.health()['service']?.transporter?.state).toBe('closed');
      });
    },
  );
}
