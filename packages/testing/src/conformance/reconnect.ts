import type { Host } from '@parley/core';
import { expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import { collectUntilError, gate, iterate } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

export function reconnect(subject: ConformanceSubject): void {
  if (!subject.supports.restart) return;

  theme(
    subject,
    'reconnect',
    async (stage) => {
      const never = gate();
      const stuck = recordCalls(() => never.opened);
      const event = recordCalls();
      const define = (host: Host) =>
        host
          .message('echo', (data) => data)
          .message('stuck', stuck)
          .message('endless', async function* () {
            for (let index = 0; ; index += 1) yield index;
          })
          .event('event', event);
      const service = await stage.service(define, { leaseInterval: 100 });
      return { service, stuck, event, never };
    },
    (use) => {
      /** Takes the world down for `during`, and waits until `client` is ready again. */
      async function outage(client: { readonly status: { readonly state: string } }, during: () => Promise<void>) {
        const { stage } = use();
        await stage.world.stop?.();
        try {
          await stage.until(() => client.status.state === 'disconnected', 'the client had noticed');
          await during();
        } finally {
          await stage.world.restart?.();
        }
        await stage.until(() => client.status.state === 'ready', 'the client was back');
      }

      /** Until the server is back, too, calls may fail with 503. */
      async function served(client: { send(pattern: string, data: unknown): Promise<unknown> }) {
        await use().stage.until(
          async () => (await client.send('echo', 1).catch(() => 0)) === 1,
          'calls were answered again',
        );
      }

      it('ends what was under way with 502, and what comes meanwhile with 503 at once', async () => {
        const { stage, shared } = use();
        const client = stage.client({ outage: 'fail' });
        const call = client.send('stuck', 'lost').catch((thrown: unknown) => thrown);
        await waitForCall(shared.stuck, 'lost', { timeout: stage.patience });
        await outage(client, async () => {
          expect(await call).toMatchObject({ code: 502 });
          const begun = performance.now();
          await expect(client.send('echo', 1)).rejects.toMatchObject({ code: 503 });
          await expect(client.emit('event', 'never')).rejects.toMatchObject({ code: 503 });
          // Before the default timeout would end them.
          expect(performance.now() - begun).toBeLessThan(10_000);
        });
        await served(client);
        shared.never.open();
      });

      it('ends streams with 502', async () => {
        const { stage } = use();
        const client = stage.client();
        const replies = iterate(client.stream('endless', undefined, { buffer: 4 }));
        await replies.next();
        await outage(client, async () => {
          const { error } = await collectUntilError({ [Symbol.asyncIterator]: () => replies });
          expect(error).toMatchObject({ code: 502 });
        });
        await served(client);
      });

      it('lets calls wait for the end of the outage when told to, within their timeout', async () => {
        const { stage } = use();
        const client = stage.client({ outage: 'wait' });
        await served(client);
        const waiting: Promise<unknown>[] = [];
        await outage(client, async () => {
          await expect(client.send('echo', 1, { timeout: 30 })).rejects.toMatchObject({ code: 408 });
          // A server that is back later than its client may still refuse: then they are tried again.
          const retry = { attempts: 10_000, backoff: { initial: 10, max: 50 } };
          for (const data of [1, 2, 3]) waiting.push(client.send('echo', data, { retry }));
        });
        expect(await Promise.all(waiting)).toEqual([1, 2, 3]);
      });

      it('brings subscriptions back', async () => {
        const { stage, shared } = use();
        const client = stage.client();
        await served(client);
        await outage(client, () => Promise.resolve());
        await served(client);
        await stage.until(async () => {
          await client.emit('event', 'back').catch(() => undefined);
          return shared.event.calls.some(({ data }) => data === 'back');
        }, 'events came again');
      });

      it('tells its status', async () => {
        const { stage } = use();
        const client = stage.client();
        const states: string[] = [];
        client.status$.subscribe(({ state }) => states.push(state));
        await served(client);
        await outage(client, () => Promise.resolve());
        await client.close();
        expect(states).toEqual(['idle', 'connecting', 'ready', 'disconnected', 'ready', 'closed']);
      });

      it('works time after time, with traffic', { timeout: 120_000 }, async () => {
        const { stage } = use();
        const client = stage.client();
        await served(client);
        for (let round = 0; round < 3; round += 1) {
          const calls = Array.from({ length: 50 }, (_, index) =>
            client.send('echo', index).catch((thrown: unknown) => (thrown as { code: number }).code),
          );
          await outage(client, () => Promise.resolve());
          for (const outcome of await Promise.all(calls)) expect(typeof outcome).toBe('number');
          await served(client);
        }
        expect(client.pending).toBe(0);
      });

      it('waits for a server that is not there yet when it may, and fails when it may not', async () => {
        const { stage } = use();
        await stage.world.stop?.();
        const client = stage.client();
        try {
          await expect(client.connect()).rejects.toMatchObject({ code: 503 });
          await expect(client.send('echo', 1)).rejects.toMatchObject({ code: 503 });
        } finally {
          await stage.world.restart?.();
        }
        await stage.until(() => client.status.state === 'ready', 'the client had connected');
        await served(client);
      });

      it('ends when the client is closed meanwhile', async () => {
        const { stage } = use();
        const client = stage.client({ outage: 'wait' });
        await served(client);
        await stage.world.stop?.();
        try {
          await stage.until(() => client.status.state === 'disconnected', 'the client had noticed');
          const call = client.send('echo', 1).catch((thrown: unknown) => thrown);
          await client.close();
          expect(await call).toMatchObject({ code: 503 });
        } finally {
          await stage.world.restart?.();
        }
      });
    },
  );
}
