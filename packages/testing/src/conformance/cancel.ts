import { type ClientProxy, type MessageContext, RpcException, TimeoutError } from '@parley/core';
import { Observable } from 'rxjs';
import { expect, it } from 'vitest';
import { type RecordedHandler, recordCalls, waitForCall } from '../helpers/record-calls.ts';
import { iterate } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';
import { leaseInterval, onTheWay } from './times.ts';

export function cancel(subject: ConformanceSubject): void {
  theme(
    subject,
    'cancel',
    async (stage) => {
      const stuck = recordCalls((_: unknown, context: MessageContext) => aborted(context));
      const counts = { begun: 0, finallys: 0, unsubscribed: 0 };
      const options = { leaseInterval };
      const inner: { client?: ClientProxy } = {};
      await stage.service(
        (host) =>
          host
            .message('echo', (data) => data)
            .message('stuck', stuck)
            .message('nested', () => inner.client?.send('stuck', 'inner'))
            .message('generator', async function* (_, context) {
              try {
                for (let index = 0; !context.signal.aborted; index += 1) {
                  yield index;
                  if (index >= 2) await aborted(context).catch(() => undefined);
                }
              } finally {
                counts.finallys += 1;
              }
            })
            .message('endless', async function* () {
              counts.begun += 1;
              try {
                for (let index = 0; ; index += 1) yield index;
              } finally {
                counts.finallys += 1;
              }
            })
            .message(
              'observable',
              () =>
                new Observable((subscriber) => {
                  subscriber.next(0);
                  return () => {
                    counts.unsubscribed += 1;
                  };
                }),
            ),
        options,
      );
      inner.client = stage.client(options);
      return { stuck, counts, client: stage.client(options) };
    },
    (use) => {
      /** Begins a call that does not end by itself. */
      async function begin(signal: AbortSignal, pattern = 'stuck', data: unknown = crypto.randomUUID()) {
        const { stage, shared } = use();
        const before = shared.stuck.calls.length;
        const call = shared.client.send(pattern, data, { signal }).catch((thrown: unknown) => thrown);
        await stage.until(() => shared.stuck.calls.length > before, 'the handler ran');
        return { call, context: last(shared.stuck) };
      }

      it('ends the call with 499 and aborts the handler (cancel after begin)', async () => {
        const controller = new AbortController();
        const { call, context } = await begin(controller.signal);
        expect(context.signal.aborted).toBe(false);
        controller.abort(new Error('changed my mind'));
        const error = await call;
        expect(error).toBeInstanceOf(RpcException);
        expect(error).toMatchObject({ code: 499 });
        await use().stage.until(() => context.signal.aborted, 'the handler was told');
      });

      it('sends nothing when it came first', async () => {
        const { client, stuck } = use().shared;
        const before = stuck.calls.length;
        await expect(client.send('stuck', 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 499 });
        await client.send('echo', 1);
        expect(stuck.calls).toHaveLength(before);
      });

      it('ends one call and no other', async () => {
        const [one, two] = [new AbortController(), new AbortController()];
        const first = await begin(one.signal);
        const second = await begin(two.signal);
        one.abort();
        expect(await first.call).toMatchObject({ code: 499 });
        await use().shared.client.send('echo', 1);
        expect(second.context.signal.aborted).toBe(false);
        two.abort();
        expect(await second.call).toMatchObject({ code: 499 });
      });

      it('passes on to the calls that the handler has made', async () => {
        const controller = new AbortController();
        const { call, context } = await begin(controller.signal, 'nested');
        controller.abort();
        expect(await call).toMatchObject({ code: 499 });
        await use().stage.until(() => context.signal.aborted, 'the inner handler was told');
      });

      it('comes with the timeout', async () => {
        const { stage, shared } = use();
        const call = shared.client.send('stuck', 'timeout', { timeout: onTheWay });
        const { context } = await waitForCall(shared.stuck, 'timeout', { timeout: stage.patience });
        await expect(call).rejects.toBeInstanceOf(TimeoutError);
        await stage.until(() => context.signal.aborted, 'the handler was told');
      });

      it('reaches a source that never waits for anything, and that disturbs nobody meanwhile', async () => {
        const { stage, shared } = use();
        const { begun, finallys: before } = shared.counts;
        const controller = new AbortController();
        // `send` wants the last value only, so no credit slows the source down.
        const endless = shared.client
          .send('endless', undefined, { signal: controller.signal })
          .catch((thrown: unknown) => thrown);
        await stage.until(() => shared.counts.begun > begun, 'the source was read');
        expect(await shared.client.send('echo', 1)).toBe(1);
        controller.abort();
        expect(await endless).toMatchObject({ code: 499 });
        await stage.until(() => shared.counts.finallys === before + 1, 'the generator was left');
      });

      it('comes with the break out of a stream (cancel after first response): the generator runs its finally', async () => {
        const { stage, shared } = use();
        const before = shared.counts.finallys;
        for await (const value of shared.client.stream('generator')) {
          expect(value).toBe(0);
          break;
        }
        await stage.until(() => shared.counts.finallys === before + 1, 'the generator was left');
      });

      it('comes when the reader of a stream gives up by signal or throws', async () => {
        const { stage, shared } = use();
        const before = shared.counts.finallys;
        const controller = new AbortController();
        const byThrow = async () => {
          for await (const _ of shared.client.stream('generator')) throw new Error('enough');
        };
        await expect(byThrow()).rejects.toThrow('enough');
        const bySignal = async () => {
          for await (const value of shared.client.stream('generator', undefined, { signal: controller.signal })) {
            if (value === 2) controller.abort();
          }
        };
        await expect(bySignal()).rejects.toMatchObject({ code: 499 });
        await stage.until(() => shared.counts.finallys === before + 2, 'both generators were left');
      });

      it('unsubscribes from an Observable, and comes with the unsubscription of the caller', async () => {
        const { stage, shared } = use();
        const before = shared.counts.unsubscribed;
        await new Promise<void>((resolve, reject) => {
          const subscription = shared.client.sendAsObservable('observable').subscribe({
            next: () => {
              subscription.unsubscribe();
              resolve();
            },
            error: reject,
          });
        });
        await stage.until(() => shared.counts.unsubscribed === before + 1, 'the Observable was left');
      });

      it('comes when the client closes', async () => {
        const { stage, shared } = use();
        const client = stage.client();
        const call = client.send('stuck', 'closing').catch((thrown: unknown) => thrown);
        const { context } = await waitForCall(shared.stuck, 'closing', { timeout: stage.patience });
        await client.close();
        expect(await call).toMatchObject({ code: 502 });
        await stage.until(() => context.signal.aborted, 'the handler was told');
      });

      it.runIf(subject.supports.crash)('comes when the caller of a stream vanishes', async () => {
        const { stage, shared } = use();
        const before = shared.counts.finallys;
        const { client, transport } = stage.caller({ leaseInterval });
        const replies = iterate(client.stream('generator'));
        await replies.next();
        const end = replies
          .next()
          .then(() => replies.next())
          .then(() => replies.next());
        const error = end.catch((thrown: unknown) => thrown);
        await stage.world.crash?.(transport);
        expect(await error).toMatchObject({ code: 502 });
        await stage.until(() => shared.counts.finallys === before + 1, 'the generator was left');
      });
    },
  );
}

/** Never resolves: rejects when the handler is aborted, as a `fetch` with the context's signal does. */
function aborted({ signal }: MessageContext): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

function last(handler: RecordedHandler): MessageContext {
  const call = handler.calls.at(-1);
  if (call === undefined) throw new Error('The handler was not called');
  return call.context;
}
