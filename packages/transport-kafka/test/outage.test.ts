import { recordCalls } from '@parley/testing';
import { expect, it } from 'vitest';
import { KafkaStage } from './kafka-stage.ts';

const stage = KafkaStage.use();

it.each(['is stopped', 'is killed'])(
  'a broker that %s and comes back is found by all, and nothing that it acknowledged is lost',
  { timeout: 180_000 },
  async (how) => {
    const handler = recordCalls();
    await stage.service((host) => host.message('echo', (data) => data).event('kept', handler));
    const client = stage.client({ outage: 'fail' });
    expect(await client.send('echo', 1)).toBe(1);
    const acknowledged: number[] = [];
    const over = new AbortController();
    const emitting = (async () => {
      for (let index = 0; !over.signal.aborted; index += 1) {
        // Calls fail meanwhile, each with a code that says whether it was sent.
        const outcome = await client
          .emit('kept', index, { timeout: 5000 })
          .catch((reason: unknown) => (reason as { code: number }).code);
        if (outcome === undefined) acknowledged.push(index);
        else expect([408, 502, 503]).toContain(outcome);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await stage.until(() => acknowledged.length > 20, 'events were acknowledged');
    await (how === 'is killed' ? stage.broker.kill() : stage.broker.stop());
    await stage.until(() => client.status.state === 'disconnected', 'the client had noticed');
    await expect(client.send('echo', 1)).rejects.toMatchObject({ code: 503 });
    const before = acknowledged.length;
    await stage.broker.start();
    await stage.until(() => client.status.state === 'ready', 'the client was back', 60_000);
    await stage.until(() => acknowledged.length > before + 20, 'events were acknowledged again', 60_000);
    await stage.until(
      async () => (await client.send('echo', 2, { timeout: 1000 }).catch(() => 0)) === 2,
      'calls were answered again',
      60_000,
    );
    over.abort();
    await emitting;
    await stage.until(
      () => {
        const seen = new Set(handler.calls.map(({ data }) => data));
        return acknowledged.every((index) => seen.has(index));
      },
      'all that was acknowledged had come',
      60_000,
    );
    expect(client.pending).toBe(0);
  },
);
