import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@parley/brokers/shared';
import { expect, it } from 'vitest';
import { clientOfTest, hostOfTest, kafkaOfTest, outcomeOf, timed } from './places.ts';

/** Milliseconds: longer than any session, and than the first waits of a backoff. */
const outage = 30_000;

it('a broker that is away for 30 s is come back to: nobody hangs meanwhile, and nothing has to be made anew', {
  timeout: 150_000,
}, async () => {
  const broker = await kafkaOfTest();
  const { brokers } = broker;
  const host = hostOfTest({ brokers });
  const handled: unknown[] = [];
  host.event('event', (data) => void handled.push(data));
  await host.start();
  const client = clientOfTest({ brokers });
  const patient = clientOfTest({ brokers, outage: 'wait' });
  await Promise.all([client, patient].map(async (each) => expect(await each.send('echo', 1)).toBe(1)));

  await broker.stop();
  await until('both to know', () => [client, patient].every(({ status }) => status.state === 'disconnected'));
  const waiting = patient.send('echo', 2, { timeout: 100_000 });
  waiting.catch(() => undefined);
  const down = performance.now();
  // Time passing is the subject; what is asked meanwhile is refused at once.
  while (performance.now() - down < outage) {
    const [code, took] = await timed(outcomeOf(client.send('echo', 3)));
    expect(code).toBe(503);
    // Half of what it would wait, however busy the machine is.
    expect(took).toBeLessThan(10_000);
    expect(await outcomeOf(client.emit('event', 'lost'))).toBe(503);
    await pause(500);
  }
  await broker.start();
  expect(await waiting).toBe(2);
  await until('the client to be back', () => client.status.state === 'ready');
  expect(await client.send('echo', 4)).toBe(4);
  await client.emit('event', 'kept');
  await until('the event', () => handled.length > 0);
  expect(handled).toEqual(['kept']);
  expect(client.pending).toBe(0);
});
