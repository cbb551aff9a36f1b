import { expect, it } from 'vitest';
import { gate } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

const KiB = 1024;

export function concurrency(subject: ConformanceSubject): void {
  theme(
    subject,
    'concurrency',
    async (stage) => {
      await stage.service((host) =>
        host
          .message('echo', (data) => data)
          .message('echo.later', async (data) => {
            await new Promise((resolve) => setImmediate(resolve));
            return data;
          })
          .message('large', () => new Uint8Array(314_159)),
      );
      return { client: stage.client({ timeout: 120_000 }) };
    },
    (use) => {
      // Two peers that stop reading while they cannot write wait for each other for ever.
      it.each([64, 256])('echoes 200 times %i KiB at once over one client', { timeout: 120_000 }, async (size) => {
        const { stage, shared } = use();
        const calls = Array.from({ length: stage.scaled(200) }, async (_, index) => {
          const bytes = new Uint8Array(size * KiB).fill(index);
          const echoed = (await shared.client.send('echo.later', bytes)) as Uint8Array;
          return Buffer.compare(echoed, bytes) === 0;
        });
        expect(await Promise.all(calls)).not.toContain(false);
      });

      it('carries 50 000 small calls at once', { timeout: 120_000 }, async () => {
        const { stage, shared } = use();
        const count = stage.scaled(50_000);
        const replies = await Promise.all(
          Array.from({ length: count }, (_, index) => shared.client.send('echo', index)),
        );
        expect(replies.every((reply, index) => reply === index)).toBe(true);
      });

      it('carries 1000 large calls at once (concurrent large unary)', { timeout: 120_000 }, async () => {
        const { stage, shared } = use();
        const request = new Uint8Array(271_828);
        const calls = Array.from({ length: stage.scaled(1000) }, async () => {
          const reply = (await shared.client.send('large', request)) as Uint8Array;
          return reply.byteLength;
        });
        expect(new Set(await Promise.all(calls))).toEqual(new Set([314_159]));
      });

      it('serves many clients at once', { timeout: 120_000 }, async () => {
        const { stage } = use();
        const clients = Array.from({ length: stage.scaled(20) }, () => stage.client({ timeout: 100_000 }));
        const rounds = clients.flatMap((client, which) =>
          Array.from({ length: 50 }, (_, index) => client.send('echo', [which, index])),
        );
        const expected = clients.flatMap((_, which) => Array.from({ length: 50 }, (_, index) => [which, index]));
        expect(await Promise.all(rounds)).toEqual(expected);
      });

      it('runs no more handlers at once than the server allows', async () => {
        const { stage } = use();
        const allowed = 3;
        let running = 0;
        let most = 0;
        const goOn = gate();
        const service = await stage.service(
          (host) =>
            host.message('counted', async () => {
              running += 1;
              most = Math.max(most, running);
              await goOn.opened;
              running -= 1;
              return 'done';
            }),
          { concurrency: allowed },
        );
        const client = service.client();
        let refused = 0;
        const outcomes = Array.from({ length: 10 }, () =>
          client.send('counted').catch((thrown: unknown) => {
            refused += 1;
            return (thrown as { code: number }).code;
          }),
        );
        await stage.until(() => running === allowed, 'as many ran as may');
        expect(service.handling()).toBe(allowed);
        // What comes after one has ended finds room.
        if (!subject.supports.waitsForRoom)
          await stage.until(() => refused === 10 - allowed, 'the others were refused');
        goOn.open();
        const expected = subject.supports.waitsForRoom
          ? Array(10).fill('done')
          : [...Array(allowed).fill('done'), ...Array(10 - allowed).fill(429)];
        expect(await Promise.all(outcomes)).toEqual(expected);
        expect(most).toBe(allowed);
      });
    },
  );
}
