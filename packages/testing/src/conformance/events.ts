import { expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

export function events(subject: ConformanceSubject): void {
  const { supports } = subject;

  theme(
    subject,
    'events',
    async (stage) => {
      const created = recordCalls();
      const createdToo = recordCalls();
      const failing = recordCalls(() => {
        throw new Error('this one fails');
      });
      const asMessage = recordCalls(() => 'replied');
      const wild = recordCalls();
      const ordered = recordCalls(async (data) => {
        // The later ones are the quicker ones.
        await new Promise((resolve) => setTimeout(resolve, (data as number) % 3 === 0 ? 3 : 0));
      });
      const gate = Promise.withResolvers<void>();
      const queued = recordCalls((data) => (data === 0 ? gate.promise : undefined));
      const emitting = recordCalls((_, context) => context.emit('user.created', 'from a handler'));
      const service = await stage.service((host) => {
        host
          .event('user.created', created)
          .event('user.created', createdToo)
          .event('user.created', failing, { retry: { attempts: 1 } })
          .message('user.created', asMessage)
          .event(7, created)
          .event({ type: 'moved', zone: 1 }, created)
          .event('ordered', ordered)
          .event('queued', queued)
          .event('emitting', emitting)
          .message('echo', (data) => data);
        if (supports.wildcards) host.event('order.*', wild).event('order.*.paid', wild);
      });
      const client = stage.client();
      return { created, createdToo, failing, asMessage, wild, ordered, gate, queued, emitting, service, client };
    },
    (use) => {
      it('reach every handler of their pattern, even when one of them fails, and nobody replies', async () => {
        const { stage, shared } = use();
        const { client, created, createdToo, failing, service, asMessage } = shared;
        const payload = { id: crypto.randomUUID() };
        expect(await client.emit('user.created', payload)).toBeUndefined();
        for (const handler of [created, createdToo, failing])
          await waitForCall(handler, payload, { timeout: stage.patience });
        await stage.until(() => service.log.find('error', 'user.created').length > 0, 'the failure was logged');
        expect(asMessage.calls).toHaveLength(0);
        expect(client.pending).toBe(0);
      });

      it('are told apart from messages of the same pattern', async () => {
        const { client, asMessage, created } = use().shared;
        const before = created.calls.length;
        expect(await client.send('user.created', 'as a message')).toBe('replied');
        expect(asMessage.calls).toHaveLength(1);
        expect(created.calls).toHaveLength(before);
      });

      it('tell their handler what they are', async () => {
        const { stage, shared } = use();
        await shared.client.emit('user.created', 'context');
        const { context } = await waitForCall(shared.created, 'context', { timeout: stage.patience });
        expect(context).toMatchObject({
          pattern: 'user.created',
          isEvent: true,
          attempt: 1,
          deadline: undefined,
          correlationId: undefined,
        });
        expect(context.signal.aborted).toBe(false);
      });

      it.each([[7], [{ zone: 1, type: 'moved' }]])('may have the pattern %o', async (pattern) => {
        const { stage, shared } = use();
        const payload = { id: crypto.randomUUID() };
        await shared.client.emit(pattern, payload);
        await waitForCall(shared.created, payload, { timeout: stage.patience });
      });

      it('that nobody listens to are nobody’s error', async () => {
        await use().shared.client.emit('nobody.listens', { lost: true });
      });

      it('may be emitted by handlers', async () => {
        const { stage, shared } = use();
        if (supports.peerCalls) return; // There the client at the other end would have to listen.
        await shared.client.emit('emitting', 1);
        await waitForCall(shared.created, 'from a handler', { timeout: stage.patience });
      });

      it('are refused with 400 for a pattern with a wildcard', async () => {
        await expect(use().shared.client.emit('user.*', 1)).rejects.toMatchObject({ code: 400 });
      });

      it.runIf(supports.wildcards)('reach handlers with a wildcard in their pattern', async () => {
        const { stage, shared } = use();
        const { client, wild } = shared;
        for (const pattern of [
          'order.created',
          'orders.created',
          'order',
          'order.',
          'order.7.paid',
          'order.a.b.paid',
        ]) {
          await client.emit(pattern, pattern);
        }
        await client.emit('order.end', 'end');
        const expected = [
          'order.',
          'order.7.paid',
          'order.7.paid',
          'order.a.b.paid',
          'order.a.b.paid',
          'order.created',
          'order.end',
        ];
        await stage.until(() => wild.calls.length >= expected.length, 'all had come');
        expect(wild.calls.map(({ context }) => context.pattern).sort()).toEqual(expected);
        expect(wild.calls.find(({ data }) => data === 'order.created')?.context.pattern).toBe('order.created');
      });

      it.runIf(supports.order)('of one key stay in order, however long their handlers take', async () => {
        const { stage, shared } = use();
        const { client, ordered } = shared;
        const before = ordered.calls.length;
        const count = stage.scaled(60);
        for (let index = 0; index < count; index += 1) await client.emit('ordered', index, { key: `key-${index % 3}` });
        await stage.until(() => ordered.calls.length === before + count, 'all had come');
        const numbers = ordered.calls.slice(before).map(({ data }) => data as number);
        for (const key of [0, 1, 2]) {
          const ofKey = numbers.filter((number) => number % 3 === key);
          expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
        }
      });

      it.runIf(supports.order)(
        'of one key come by the thousand also when all wait for the first',
        {
          timeout: 60_000,
        },
        async () => {
          const { stage, shared } = use();
          const { client, gate, queued } = shared;
          const count = stage.scaled(5000);
          const emitted = Array.from({ length: count }, (_, index) => client.emit('queued', index, { key: 'one' }));
          await Promise.all(emitted);
          await stage.until(() => queued.calls.length > 0, 'the first had come');
          gate.resolve();
          await stage.until(() => queued.calls.length >= count, 'all had come');
          expect(queued.calls.map(({ data }) => data)).toEqual(Array.from({ length: count }, (_, index) => index));
        },
      );

      it('come by the thousand', { timeout: 60_000 }, async () => {
        const { stage, shared } = use();
        const before = shared.createdToo.calls.length;
        const count = stage.scaled(2000);
        await Promise.all(Array.from({ length: count }, (_, index) => shared.client.emit('user.created', { index })));
        await stage.until(() => shared.createdToo.calls.length >= before + count, 'all had come');
        const seen = new Set(
          shared.createdToo.calls.slice(before).map(({ data }) => (data as { index: number }).index),
        );
        expect(seen.size).toBe(count);
      });
    },
  );
}
