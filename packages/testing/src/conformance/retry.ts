import { event } from '@parley/core';
import { describe, expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import { gate } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

const quickly = { initial: 5, max: 10 };
const NotTwice = event('not.twice', { idempotent: false });

export function retry(subject: ConformanceSubject): void {
  const { supports } = subject;

  theme(
    subject,
    'failed events',
    () => undefined,
    (use) => {
      it.runIf(!supports.durableEvents)('are logged, and not tried again', async () => {
        const { stage } = use();
        const failing = recordCalls(() => {
          throw new Error('once is enough');
        });
        const service = await stage.service((host) =>
          host.event('fails', failing, { retry: { attempts: 3, backoff: quickly } }),
        );
        const client = service.client();
        await client.emit('fails', 1);
        await client.emit('fails', 2);
        await waitForCall(failing, 2, { timeout: stage.patience });
        expect(failing.calls).toHaveLength(2);
        await stage.until(() => service.log.find('error', 'fails').length === 2, 'both failures were logged');
      });

      describe.runIf(supports.durableEvents)('of a durable transport', () => {
        it('are tried again until they succeed', async () => {
          const { stage } = use();
          const flaky = recordCalls((_, { attempt }) => {
            if (attempt < 3) throw new Error('not yet');
          });
          const service = await stage.service((host) =>
            host.event('flaky', flaky, { retry: { attempts: 5, backoff: quickly } }),
          );
          await service.client().emit('flaky', 'x');
          await waitForCall(flaky, ({ context }) => context.attempt === 3, { timeout: stage.patience });
          expect(flaky.calls.map(({ context }) => context.attempt)).toEqual([1, 2, 3]);
        });

        it('run only those handlers again that failed', async () => {
          const { stage } = use();
          const fine = recordCalls();
          const flaky = recordCalls((_, { attempt }) => {
            if (attempt < 3) throw new Error('not yet');
          });
          const backoff = { retry: { attempts: 5, backoff: quickly } };
          const service = await stage.service((host) =>
            host.event('half', fine, backoff).event('half', flaky, backoff),
          );
          await service.client().emit('half', 'x');
          await waitForCall(flaky, ({ context }) => context.attempt === 3, { timeout: stage.patience });
          expect(fine.calls).toHaveLength(1);
        });

        it('keep their order by key while they are tried again', async () => {
          const { stage } = use();
          const succeeded: unknown[] = [];
          const flaky = recordCalls((data, { attempt }) => {
            if (data === 1 && attempt < 3) throw new Error('not yet');
            succeeded.push(data);
          });
          const service = await stage.service((host) =>
            host.event('in.order', flaky, { retry: { attempts: 5, backoff: quickly } }),
          );
          const client = service.client();
          for (const data of [1, 2, 3]) await client.emit('in.order', data, { key: 'k' });
          await stage.until(() => succeeded.length === 3, 'all had succeeded');
          if (supports.order) expect(succeeded).toEqual([1, 2, 3]);
        });

        it('are not handled twice when their contract forbids it', async () => {
          const { stage } = use();
          const failing = recordCalls(() => {
            throw new Error('no second chance');
          });
          const service = await stage.service((host) =>
            host.event(NotTwice, failing, { retry: { attempts: 5, backoff: quickly } }),
          );
          const client = service.client();
          await client.emit(NotTwice, 1);
          await client.emit(NotTwice, 2);
          await waitForCall(failing, 2, { timeout: stage.patience });
          await stage.until(() => service.log.find('error', 'not.twice').length >= 2, 'both were logged');
          expect(failing.calls).toHaveLength(2);
        });

        it.runIf(supports.deadLetters)('end among the dead letters, which name the handlers that failed', async () => {
          const { stage } = use();
          const fine = recordCalls();
          const failing = recordCalls(() => {
            throw new Error('secret, but the operator may see it');
          });
          const policy = { retry: { attempts: 3, backoff: quickly } };
          const service = await stage.service((host) =>
            host.event('dies', fine, policy).event('dies', failing, policy),
          );
          await service.client().emit('dies', { id: 1 });
          const dead = async () =>
            ((await stage.world.deadLetters?.()) ?? []).filter(({ pattern }) => pattern === 'dies');
          await stage.until(async () => (await dead()).length > 0, 'it was among the dead letters');
          expect(failing.calls.map(({ context }) => context.attempt)).toEqual([1, 2, 3]);
          expect(fine.calls).toHaveLength(1);
          const [letter] = await dead();
          expect(letter).toMatchObject({ attempts: 3, error: { code: 500 } });
          const handlers = letter?.error.metadata?.['handlers'];
          expect(handlers).toEqual([expect.objectContaining({ handler: expect.any(String), attempts: 3 })]);
        });

        it.runIf(supports.deadLetters && supports.countsDeliveries)(
          'that take their instance down again and again are given up',
          { timeout: 60_000 },
          async () => {
            const { stage } = use();
            const never = gate();
            const poison = recordCalls(() => never.opened);
            const maxDeliveries = 2;
            const options = { maxDeliveries, group: 'poisoned' };
            const start = () => stage.service((host) => host.event('poison', poison), options);
            let victim = await start();
            await stage.client().emit('poison', 'x');
            for (let delivery = 1; delivery <= maxDeliveries; delivery += 1) {
              await stage.until(() => poison.calls.length === delivery, `it was delivered ${delivery} times`);
              const { transport } = victim;
              victim = await start();
              await stage.world.crash?.(transport);
            }
            const dead = async () =>
              ((await stage.world.deadLetters?.()) ?? []).filter(({ pattern }) => pattern === 'poison');
            await stage.until(async () => (await dead()).length === 1, 'it was among the dead letters');
            expect(await dead()).toMatchObject([{ attempts: maxDeliveries }]);
            expect(poison.calls).toHaveLength(maxDeliveries);
            never.open();
          },
        );
      });
    },
  );
}
