import { event, type Host, message } from '@parley/core';
import { describe, expect, it } from 'vitest';
import { type RecordedHandler, recordCalls, waitForCall } from '../helpers/record-calls.ts';
import { gate, iterate } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';
import { leaseInterval } from './times.ts';

const NotTwice = message('not.twice', { idempotent: false });
const TellOnce = event('tell.once', { idempotent: false });

export function groups(subject: ConformanceSubject): void {
  const { supports } = subject;
  if (!supports.groups) return;

  theme(
    subject,
    'groups',
    () => undefined,
    (use) => {
      it('share their messages: each is handled once, and everyone gets some', async () => {
        const { stage } = use();
        const handlers = [recordCalls((data) => data), recordCalls((data) => data)];
        for (const handler of handlers) await stage.service((host) => host.message('shared', handler), { group: 'g' });
        const client = stage.client();
        const count = stage.scaled(200);
        const replies = await Promise.all(Array.from({ length: count }, (_, index) => client.send('shared', index)));
        expect(replies).toEqual(Array.from({ length: count }, (_, index) => index));
        expect(handlers.map(({ calls }) => calls.length).reduce((sum, length) => sum + length)).toBe(count);
        for (const { calls } of handlers) expect(calls.length).toBeGreaterThan(0);
      });

      it('get each event once, however many instances they have', async () => {
        const { stage } = use();
        const a = [recordCalls(), recordCalls()];
        const b = [recordCalls()];
        for (const handler of a) await stage.service((host) => host.event('grouped', handler), { group: 'a' });
        for (const handler of b) await stage.service((host) => host.event('grouped', handler), { group: 'b' });
        const client = stage.client();
        const count = stage.scaled(100);
        for (let index = 0; index < count; index += 1) await client.emit('grouped', index);
        const expected = Array.from({ length: count }, (_, index) => index);
        for (const group of [a, b]) {
          await stage.until(() => payloads(group).length >= count, 'the group had them all');
          expect(payloads(group)).toEqual(expected);
        }
      });

      it('are asked all at once: the first to answer is bound, the others are cancelled', async () => {
        const { stage } = use();
        const ended = new Set<string>();
        const endless = (group: string) => (host: Host) =>
          host.message('asked.twice', async function* () {
            try {
              for (;;) yield group;
            } finally {
              ended.add(group);
            }
          });
        for (const group of ['a', 'b']) await stage.service(endless(group), { group, leaseInterval });
        const seen = new Set<unknown>();
        let read = 0;
        for await (const group of stage.client({ leaseInterval }).stream('asked.twice', undefined, { buffer: 4 })) {
          seen.add(group);
          read += 1;
          if (read === 200) break;
        }
        expect(seen.size).toBe(1);
        await stage.until(() => ended.size === 2, 'both were left');
      });

      it.runIf(supports.broadcast)('do not keep an instance from an event that every instance wants', async () => {
        const { stage } = use();
        const handlers = [recordCalls(), recordCalls()];
        for (const handler of handlers) {
          await stage.service((host) => host.event('cache.flushed', handler, { broadcast: true }), { group: 'g' });
        }
        await stage.client().emit('cache.flushed', 'all');
        for (const handler of handlers) await waitForCall(handler, 'all', { timeout: stage.patience });
        expect(handlers.map(({ calls }) => calls.length)).toEqual([1, 1]);
      });

      it.runIf(supports.broadcast)(
        'run each handler as often as it wants, when some are broadcast and some are not',
        async () => {
          const { stage } = use();
          const everywhere = [recordCalls(), recordCalls()] as const;
          const shared = [recordCalls(), recordCalls()] as const;
          for (const which of [0, 1] as const) {
            const define = (host: Host) =>
              host
                .event('mixed', everywhere[which], { broadcast: true })
                .event(supports.wildcards ? 'mix*' : 'mixed', shared[which]);
            await stage.service(define, { group: 'g' });
          }
          const client = stage.client();
          const count = 10;
          for (let index = 0; index < count; index += 1) await client.emit('mixed', index);
          await stage.until(() => payloads(everywhere).length >= 2 * count, 'every instance had them all');
          await stage.until(() => payloads(shared).length >= count, 'the group had them all');
          for (const handler of everywhere) expect(handler.calls).toHaveLength(count);
          expect(payloads(shared)).toEqual(Array.from({ length: count }, (_, index) => index));
        },
      );

      it.runIf(supports.durableEvents)('that are away get their events when they come back', async () => {
        const { stage } = use();
        const first = recordCalls();
        const { host } = await stage.service((host) => host.event('kept', first), { group: 'away' });
        const client = stage.client();
        await client.emit('kept', 0);
        await waitForCall(first, 0, { timeout: stage.patience });
        await host.close();
        for (const index of [1, 2, 3]) await client.emit('kept', index, { key: 'k' });
        const second = recordCalls();
        await stage.service((host) => host.event('kept', second), { group: 'away' });
        await stage.until(() => second.calls.length >= 3, 'all had come');
        expect(payloads([second])).toEqual([1, 2, 3]);
      });

      describe.runIf(supports.takeover)('lose an instance', { timeout: 60_000 }, () => {
        const secondAttempt = supports.countsDeliveries ? 2 : 1;

        it('and another takes its request over, within the deadline', async () => {
          const { stage } = use();
          const never = gate();
          const stuck = recordCalls(() => never.opened);
          const dying = await stage.service((host) => host.message('taken.over', stuck), { group: 'g' });
          const client = stage.client();
          const call = client.send('taken.over', 'please', { timeout: 50_000 });
          await waitForCall(stuck, 'please', { timeout: stage.patience });
          const healthy = recordCalls((data) => `${String(data)}: done`);
          await stage.service((host) => host.message('taken.over', healthy), { group: 'g' });
          await stage.world.crash?.(dying.transport);
          expect(await call).toBe('please: done');
          expect(healthy.calls[0]?.context.attempt).toBe(secondAttempt);
          never.open();
        });

        it('in the first line of a handler, and nobody takes that over when the contract forbids it', async () => {
          const { stage } = use();
          const never = gate();
          const crash = () => void stage.world.crash?.(dying.transport);
          const [deadly, stuck] = [recordCalls(crash), recordCalls(() => never.opened)];
          const dying = await stage.service((host) => host.message(NotTwice, deadly).message('left', stuck), {
            group: 'g',
          });
          const client = stage.client();
          const left = client.send('left', 'behind', { timeout: 50_000 });
          await waitForCall(stuck, 'behind', { timeout: stage.patience });
          const giveUp = new AbortController();
          // Without a deadline: too late it would not be handled anyhow.
          const call = client.send(NotTwice, 1, { timeout: 0, signal: giveUp.signal });
          call.catch(() => undefined);
          await waitForCall(deadly, 1, { timeout: stage.patience });
          const [healthy, taker] = [recordCalls((data) => data), recordCalls((data) => `${String(data)}: done`)];
          await stage.service((host) => host.message(NotTwice, healthy).message('left', taker), { group: 'g' });
          expect(await left).toBe('behind: done');
          expect(await client.send(NotTwice, 2)).toBe(2);
          expect([...payloads([deadly]), ...payloads([healthy])]).toEqual([1, 2]);
          giveUp.abort();
          await expect(call).rejects.toMatchObject({ code: 499 });
          never.open();
        });

        it('in the first line of a handler of an event, and nobody takes that over, either', async () => {
          const { stage } = use();
          const never = gate();
          const crash = () => void stage.world.crash?.(dying.transport);
          const [deadly, stuck] = [recordCalls(crash), recordCalls(() => never.opened)];
          const dying = await stage.service((host) => host.event(TellOnce, deadly).event('left', stuck), {
            group: 'g',
          });
          const client = stage.client();
          await client.emit('left', 'behind');
          await waitForCall(stuck, 'behind', { timeout: stage.patience });
          await client.emit(TellOnce, 1);
          await waitForCall(deadly, 1, { timeout: stage.patience });
          const [healthy, taker] = [recordCalls(), recordCalls()];
          await stage.service((host) => host.event(TellOnce, healthy).event('left', taker), { group: 'g' });
          await waitForCall(taker, 'behind', { timeout: stage.patience });
          await client.emit(TellOnce, 2);
          await waitForCall(healthy, 2, { timeout: stage.patience });
          expect([...payloads([deadly]), ...payloads([healthy])]).toEqual([1, 2]);
          never.open();
        });

        it('and another takes its events over', async () => {
          const { stage } = use();
          const never = gate();
          const stuck = recordCalls(() => never.opened);
          const dying = await stage.service((host) => host.event('event.taken.over', stuck), { group: 'g' });
          await stage.client().emit('event.taken.over', 'please');
          await waitForCall(stuck, 'please', { timeout: stage.patience });
          await stage.world.crash?.(dying.transport);
          const healthy = recordCalls();
          await stage.service((host) => host.event('event.taken.over', healthy), { group: 'g' });
          const { context } = await waitForCall(healthy, 'please', { timeout: stage.patience });
          expect(context.attempt).toBe(secondAttempt);
          never.open();
        });

        it('in the middle of a stream: that ends with 502, and nobody else begins it again', async () => {
          const { stage } = use();
          const begun = [0, 0];
          const options = { group: 'g', leaseInterval };
          const endless = (which: 0 | 1) =>
            async function* () {
              begun[which] = (begun[which] ?? 0) + 1;
              for (let index = 0; ; index += 1) yield index;
            };
          const dying = await stage.service((host) => host.message('endless', endless(0)), options);
          const replies = iterate(stage.client({ leaseInterval }).stream('endless', undefined, { buffer: 4 }));
          await replies.next();
          await stage.service((host) => host.message('endless', endless(1)), options);
          await stage.world.crash?.(dying.transport);
          const drained = async () => {
            for (;;) await replies.next();
          };
          await expect(drained()).rejects.toMatchObject({ code: 502 });
          expect(begun).toEqual([1, 0]);
        });
      });
    },
  );
}

function payloads(handlers: readonly RecordedHandler[]): number[] {
  return handlers.flatMap(({ calls }) => calls.map(({ data }) => data as number)).sort((a, b) => a - b);
}
