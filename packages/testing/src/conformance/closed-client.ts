import { expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import { collect, gate, iterate } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

export function closedClient(subject: ConformanceSubject): void {
  theme(
    subject,
    'a closed client',
    async (stage) => {
      const never = gate();
      const stuck = recordCalls(() => never.opened);
      await stage.service((host) =>
        host
          .message('echo', (data) => data)
          .message('stuck', stuck)
          .message('endless', async function* () {
            for (let index = 0; ; index += 1) yield index;
          }),
      );
      return { stuck, never };
    },
    (use) => {
      it.each([
        ['that was used', true],
        ['that never connected', false],
      ])('refuses everything with 503: one %s', async (_, wasUsed) => {
        const client = use().stage.client();
        if (wasUsed) await client.send('echo', 1);
        await client.close();
        await expect(client.send('echo', 1)).rejects.toMatchObject({ code: 503 });
        await expect(client.emit('echo', 1)).rejects.toMatchObject({ code: 503 });
        await expect(client.connect()).rejects.toMatchObject({ code: 503 });
        await expect(collect(client.stream('echo', 1))).rejects.toMatchObject({ code: 503 });
        expect(client.pending).toBe(0);
      });

      it('closes as often as it is told to', async () => {
        const client = use().stage.client();
        await client.send('echo', 1);
        await Promise.all([client.close(), client.close()]);
        await client.close();
        await client[Symbol.asyncDispose]();
        expect(client.status.state).toBe('closed');
      });

      it('ends its calls under way with 502, streams too', async () => {
        const { stage, shared } = use();
        const client = stage.client();
        const call = client.send('stuck', 'closing').catch((thrown: unknown) => thrown);
        const replies = iterate(client.stream('endless', undefined, { buffer: 2 }));
        await replies.next();
        await waitForCall(shared.stuck, 'closing', { timeout: stage.patience });
        await client.close();
        expect(await call).toMatchObject({ code: 502 });
        const drained = async () => {
          for (let next = await replies.next(); next.done !== true; next = await replies.next());
        };
        await expect(drained()).rejects.toMatchObject({ code: 502 });
        expect(client.pending).toBe(0);
        shared.never.open();
      });

      it('ends calls that were just made', async () => {
        const client = use().stage.client();
        const outcome = client.send('echo', 1).catch((thrown: unknown) => (thrown as { code: number }).code);
        await client.close();
        expect([1, 502, 503]).toContain(await outcome);
        expect(client.pending).toBe(0);
      });

      it('completes its status', async () => {
        const client = use().stage.client();
        const states: string[] = [];
        const completed = new Promise<void>((resolve) => {
          client.status$.subscribe({ next: ({ state }) => states.push(state), complete: resolve });
        });
        await client.send('echo', 1);
        await client.close();
        await completed;
        expect(states).toEqual(['idle', 'connecting', 'ready', 'closed']);
      });

      it('is closed at the end of its scope', async () => {
        const { stage } = use();
        const client = stage.client();
        {
          await using scoped = client;
          expect(await scoped.send('echo', 1)).toBe(1);
        }
        expect(client.status.state).toBe('closed');
      });

      it('leaves nothing behind, however often one is opened and closed', async () => {
        const { stage } = use();
        for (let round = 0; round < stage.scaled(20); round += 1) {
          const client = stage.client();
          expect(await client.send('echo', round)).toBe(round);
          await client.close();
        }
      });
    },
  );
}
