import { expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import { collect } from './collect.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

export function peerCalls(subject: ConformanceSubject): void {
  theme(
    subject,
    'calls of handlers back over their link',
    async (stage) => {
      const told = recordCalls();
      await stage.service((host) =>
        host
          .message('ask.back', (data, context) => context.send('answer', data))
          .message('ask.back.stream', (data, context) => context.stream('answers', data))
          .message('tell.back', (data, context) => context.emitWait('told', data)),
      );
      const client = await stage.serving((host) =>
        host
          .message('answer', (data) => `answer to ${String(data)}`)
          .message('answers', async function* (data) {
            yield data;
            yield data;
          })
          .event('told', told),
      );
      return { client, told };
    },
    (use) => {
      it('reach the client that serves', async () => {
        expect(await use().shared.client.send('ask.back', 1)).toBe('answer to 1');
      });

      it('are streams, too', async () => {
        expect(await collect(use().shared.client.stream('ask.back.stream', 'x'))).toEqual(['x', 'x']);
      });

      it('are events, too', async () => {
        const { stage, shared } = use();
        await shared.client.send('tell.back', 'news');
        await waitForCall(shared.told, 'news', { timeout: stage.patience });
      });

      it.runIf(subject.supports.peerCalls)('find nothing at a client that does not serve', async () => {
        await expect(use().stage.client().send('ask.back', 1)).rejects.toMatchObject({ code: 404 });
      });
    },
  );
}
