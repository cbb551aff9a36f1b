import { Readable } from 'node:stream';
import { from, type Observable, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { collect, collectUntilError, gate, iterate } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';
import { onTheWay } from './times.ts';

/** Sizes of gRPC's interop case `server_streaming`. */
const sizes = [31_415, 9, 2653, 58_979];

export function streams(subject: ConformanceSubject): void {
  theme(
    subject,
    'streams of replies',
    async (stage) => {
      /** What the endless source has given out so far. */
      const produced = { count: 0, ended: 0 };
      await stage.service((host) =>
        host
          .message('echo', (data) => data)
          .message('sizes', async function* (data) {
            for (const size of data as number[]) yield new Uint8Array(size).fill(size % 251);
          })
          .message('count', (data) => upTo(data as number))
          .message('count.observable', (data) => from(range(data as number)))
          .message('count.promised', async (data) => upTo(data as number))
          .message('count.readable', (data) => Readable.from(range(data as number)))
          .message('fail.after', async function* (data) {
            yield* range(data as number);
            throw new Error('secret');
          })
          .message('fail.observable', () => throwError(() => new Error('secret')))
          .message('odd.values', async function* () {
            yield* [undefined, null, 0, '', [], new Uint8Array(0)];
          })
          .message('unsendable.after', async function* (data) {
            yield* range(data as number);
            yield 1n;
          })
          .message('endless', async function* () {
            try {
              for (let index = 0; ; index += 1) {
                produced.count += 1;
                yield index;
              }
            } finally {
              produced.ended += 1;
            }
          })
          .message('flood', () => from(range(100_000))),
      );
      return { client: stage.client(), produced };
    },
    (use) => {
      it('carries 31415, 9, 2653 and 58979 bytes in this order (server streaming)', async () => {
        const replies = await collect(use().shared.client.stream('sizes', sizes));
        expect(replies).toEqual(sizes.map((size) => new Uint8Array(size).fill(size % 251)));
      });

      it.each(['count', 'count.observable', 'count.promised', 'count.readable'])(
        'carries every value of %s, in order',
        async (pattern) => {
          const { client } = use().shared;
          expect(await collect(client.stream(pattern, 100))).toEqual(range(100));
          expect(await collect(client.stream(pattern, 0))).toEqual([]);
        },
      );

      it('carries undefined, null and other values that are hard to see', async () => {
        expect(await collect(use().shared.client.stream('odd.values'))).toEqual([
          undefined,
          null,
          0,
          '',
          [],
          new Uint8Array(0),
        ]);
      });

      it('gives the values before an error, then the error', async () => {
        const { client } = use().shared;
        const { values, error } = await collectUntilError(client.stream('fail.after', 3));
        expect(values).toEqual([0, 1, 2]);
        expect(error).toMatchObject({ code: 500, message: 'Internal error' });
        await expect(collect(client.stream('fail.observable'))).rejects.toMatchObject({
          code: 500,
          message: 'Internal error',
        });
        const unsendable = await collectUntilError(client.stream('unsendable.after', 2));
        expect(unsendable).toMatchObject({ values: [0, 1], error: { code: 500 } });
      });

      it('is a stream of one for a handler that returns a value', async () => {
        expect(await collect(use().shared.client.stream('echo', 'one'))).toEqual(['one']);
      });

      it('gives the last reply to send, undefined when there was none, and the error when it failed', async () => {
        const { client } = use().shared;
        expect(await client.send('count', 1000)).toBe(999);
        expect(await client.send('count.observable', 1000)).toBe(999);
        expect(await client.send('count', 0)).toBeUndefined();
        await expect(client.send('fail.after', 3)).rejects.toMatchObject({ code: 500 });
      });

      it('asks anew for each iteration, and only then', async () => {
        const { client } = use().shared;
        const count = client.stream('count', 3);
        expect(client.pending).toBe(0);
        expect(await collect(count)).toEqual([0, 1, 2]);
        expect(await collect(count)).toEqual([0, 1, 2]);
      });

      it('comes as a cold Observable, too', async () => {
        const { client } = use().shared;
        const count = client.sendAsObservable('count', 50);
        expect(client.pending).toBe(0);
        expect(await collectObservable(count)).toEqual(range(50));
        expect(await collectObservable(count)).toEqual(range(50));
        await expect(collectObservable(client.sendAsObservable('fail.after', 1))).rejects.toMatchObject({ code: 500 });
      });

      it('never lets the source run more than the buffer ahead of its reader', async () => {
        const { shared } = use();
        const { client, produced } = shared;
        produced.count = 0;
        const ended = produced.ended;
        const buffer = 16;
        let read = 0;
        for await (const value of client.stream('endless', undefined, { buffer })) {
          expect(value).toBe(read);
          read += 1;
          // Time for the source to run ahead, if it would.
          if (read % 50 === 0) await client.send('echo', read);
          expect(produced.count - read).toBeLessThanOrEqual(buffer);
          if (read === 500) break;
        }
        await use().stage.until(() => produced.ended === ended + 1, 'the source ended');
      });

      it('holds back the source of a reader that has stopped, and nobody else', async () => {
        const { shared } = use();
        const { client, produced } = shared;
        produced.count = 0;
        const paused = iterate(client.stream('endless', undefined, { buffer: 8 }));
        await paused.next();
        expect(await collect(client.stream('count', 300))).toEqual(range(300));
        expect(await client.send('echo', 'between')).toBe('between');
        expect(produced.count).toBeLessThanOrEqual(9);
        await paused.return?.();
      });

      it('runs many streams side by side', async () => {
        const { stage, shared } = use();
        const lengths = range(stage.scaled(50)).map((index) => 100 + index);
        const streams = await Promise.all(
          lengths.map((length) => collect(shared.client.stream('count', length, { buffer: 4 }))),
        );
        expect(streams.map((values) => values.length)).toEqual(lengths);
        expect(streams[0]).toEqual(range(100));
      });

      it('carries 100 000 messages in bounded memory', { timeout: 120_000 }, async () => {
        const { stage, shared } = use();
        const { client, produced } = shared;
        produced.count = 0;
        const total = stage.scaled(100_000);
        let read = 0;
        let ahead = 0;
        for await (const value of client.stream('endless')) {
          if (value !== read) throw new Error(`${String(value)} came instead of ${read}`);
          read += 1;
          ahead = Math.max(ahead, produced.count - read);
          if (read === total) break;
        }
        // The default buffer.
        expect(ahead).toBeLessThanOrEqual(128);
      });

      it('goes on beyond the timeout of its call, which is for the first answer', async () => {
        const { stage } = use();
        const goOn = gate();
        const service = await stage.service((host) =>
          host.message('patient', async function* () {
            yield 'first';
            await goOn.opened;
            yield 'second';
          }),
        );
        const client = service.client();
        await client.connect();
        const begun = performance.now();
        const replies = iterate(client.stream('patient', undefined, { timeout: onTheWay }));
        expect(await replies.next()).toEqual({ done: false, value: 'first' });
        const second = replies.next();
        await stage.until(() => performance.now() > begun + onTheWay + 1000, 'the timeout was long past');
        goOn.open();
        expect(await second).toEqual({ done: false, value: 'second' });
        expect(await replies.next()).toMatchObject({ done: true });
      });

      it('ends with 429 when an Observable, which cannot wait, runs too far ahead', async () => {
        const { client } = use().shared;
        const replies = client.stream('flood', undefined, { buffer: 4 });
        const { error } = await collectUntilError(replies);
        expect(error).toMatchObject({ code: 429 });
      });
    },
  );
}

async function* upTo(end: number): AsyncGenerator<number> {
  for (let index = 0; index < end; index += 1) yield index;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

function collectObservable(values: Observable<unknown>): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const all: unknown[] = [];
    values.subscribe({ next: (value) => all.push(value), error: reject, complete: () => resolve(all) });
  });
}
