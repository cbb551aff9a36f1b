import { startProxy, until } from '@parley/brokers/shared';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clientOfTest, fleetOfTest, type Mode, outcomeOf, redisOfTest, startService } from './places.ts';

const heartbeat = 1500;
/** What a loaded machine may take longer than the heartbeat, in milliseconds. */
const slack = 5000;

async function proxied() {
  const broker = await redisOfTest();
  const proxy = await startProxy(broker.port);
  onTestFinished(() => proxy.close());
  return { broker, proxy, proxyUrl: `redis://${proxy.host}:${proxy.port}`, fleet: await fleetOfTest() };
}

describe.each<Mode>(['pubsub', 'streams'])(
  '%s: a half-open connection is noticed within the heartbeat time',
  (mode) => {
    it('by a client that waits for a reply', async () => {
      const { broker, proxy, proxyUrl, fleet } = await proxied();
      await startService(fleet, 'service', mode, broker.url);
      const client = clientOfTest(mode, proxyUrl, { heartbeat });
      await client.send('work', { id: 'before' });
      const waiting = outcomeOf(client.send('work', { id: 'waits', ms: 60_000 }, { timeout: 60_000 }));
      await until('the message to be handled', () => fleet.entries('begun').some(([, id]) => id === 'waits'));

      const start = performance.now();
      proxy.blackHole();
      expect(await waiting).toBe(502);
      expect(performance.now() - start).toBeLessThan(heartbeat + slack);

      // While nobody answers, calls are refused or bounded by their own time; then all is as before.
      expect([408, 503]).toContain(await outcomeOf(client.send('work', { id: 'lost' }, { timeout: 500 })));
      proxy.restore();
      await until(
        'the client to be back',
        async () => (await outcomeOf(client.send('work', { id: 'after' }, { timeout: 1_000 }))) instanceof Object,
      );
      expect(fleet.faults).toEqual([]);
    });

    it('by an instance that waits for messages', async () => {
      const { broker, proxy, proxyUrl, fleet } = await proxied();
      const lease = 500;
      const times = mode === 'streams' ? { heartbeat, lease } : { heartbeat };
      await startService(fleet, 'service', mode, proxyUrl, times);
      const client = clientOfTest(mode, broker.url);
      await client.send('work', { id: 'before' });

      const start = performance.now();
      proxy.blackHole();
      proxy.restore();
      // Nobody is told that its connections are dead: Redis itself still counts it among those that listen.
      await until('the service to be back', async () => {
        const id = `after-${performance.now()}`;
        const outcome = await outcomeOf(client.send('work', { id }, { timeout: 300 }));
        expect([{ id, by: 'service' }, 408, 503]).toContainEqual(outcome);
        return outcome instanceof Object;
      });
      expect(performance.now() - start).toBeLessThan(heartbeat + slack);
      await client.emit('news.today', { id: 'news' });
      await until('an event to be handled', () => fleet.entries('handled').some(([, id]) => id === 'news'));
      expect(fleet.faults).toEqual([]);
    });
  },
);
