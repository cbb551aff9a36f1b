import { expect, it } from 'vitest';
import { recordCalls } from '../helpers/record-calls.ts';
import { iterate } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

const limit = 64 * 1024;

export function largePayloads(subject: ConformanceSubject): void {
  theme(
    subject,
    'large payloads',
    async (stage) => {
      const received = recordCalls((data) => (data as { length: number }).length);
      const service = await stage.service(
        (host) =>
          host
            .message('echo', (data) => data)
            .message('length', received)
            .message('large', (data) => 'x'.repeat(data as number))
            .message('large.stream', async function* (data) {
              yield 'first';
              yield 'x'.repeat(data as number);
            })
            .event('large.event', received),
        { maxBody: limit },
      );
      return {
        service,
        received,
        client: stage.client({ maxBody: limit }),
        generous: stage.client({ maxBody: 4 * limit }),
      };
    },
    (use) => {
      it('are carried up to the limit', async () => {
        const { client } = use().shared;
        const bytes = new Uint8Array(limit).fill(7);
        expect(await client.send('echo', bytes)).toEqual(bytes);
        const text = 'x'.repeat(limit - 2); // And the quotes.
        expect(await client.send('echo', text)).toBe(text);
      });

      it.each([
        ['bytes', new Uint8Array(limit + 1)],
        ['text', 'x'.repeat(limit - 1)],
        ['text that takes more bytes than characters', '€'.repeat(limit / 3)],
      ])('are refused with 413 beyond it and not sent: %s', async (_, payload) => {
        const { client, received } = use().shared;
        const before = received.calls.length;
        await expect(client.send('length', payload)).rejects.toMatchObject({ code: 413, details: { limit } });
        await expect(client.emit('large.event', payload)).rejects.toMatchObject({ code: 413 });
        expect(await client.send('length', 'ok')).toBe(2);
        expect(received.calls).toHaveLength(before + 1);
      });

      it('end the call with 413 when it is the reply that is too large', async () => {
        const { generous } = use().shared;
        await expect(generous.send('large', limit)).rejects.toMatchObject({ code: 413 });
        const replies = iterate(generous.stream('large.stream', limit));
        expect(await replies.next()).toEqual({ done: false, value: 'first' });
        await expect(replies.next()).rejects.toMatchObject({ code: 413 });
        expect(await generous.send('length', 'ok')).toBe(2);
      });
    },
  );
}
