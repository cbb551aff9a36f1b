import { startKafka } from '@parley/brokers/kafka';
import { createClient } from '@parley/core';
import { describe, expect, it } from 'vitest';
import { kafka } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';

const sasl = { mechanism: 'scram-sha-256', username: 'alice', password: 'secret' } as const;
const stage = KafkaStage.use({ sasl });

describe('credentials', () => {
  it('that are right let both sides in', async () => {
    await stage.service((host) => host.message('echo', (data) => data), { sasl });
    expect(await stage.client({ sasl }).send('echo', 1)).toBe(1);
  });

  it('that are wrong are refused at once, with 401, and are not in the error', async () => {
    const wrong = { sasl: { ...sasl, password: 'hunter2' } };
    const refused = { code: 401, message: expect.not.stringContaining('hunter2') as string };
    const begun = performance.now();
    await expect(stage.service((host) => host.message('echo', (data) => data), wrong)).rejects.toMatchObject(refused);
    const client = stage.client(wrong);
    await expect(client.connect()).rejects.toMatchObject(refused);
    await expect(client.send('echo', 1)).rejects.toMatchObject(refused);
    await expect(client.emit('event', 1)).rejects.toMatchObject(refused);
    await expect(Array.fromAsync(stage.deadLetters(wrong).list())).rejects.toMatchObject(refused);
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(client.pending).toBe(0);
  });

  it('that are missing end the connection: all that a broker then says', async () => {
    await expect(stage.client().connect()).rejects.toMatchObject({ code: 503 });
  });
});

describe('a broker that is not there', () => {
  it('is waited for at start, for so long as the host allows, and then named', async () => {
    const nowhere = kafka({ brokers: [closed], group: 'x' });
    const begun = performance.now();
    const starting = stage.host(nowhere, (host) => host.message('echo', (data) => data), 1000);
    await expect(starting).rejects.toMatchObject({
      code: 503,
      message: expect.stringContaining('127.0.0.1') as string,
    });
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('is an error of each call that does not wait, and a client finds it when it comes', async () => {
    const broker = await startKafka();
    const client = createClient(kafka({ brokers: broker.brokers, timeout: 20_000 }), { logger: quiet });
    try {
      await broker.stop();
      await expect(client.connect()).rejects.toMatchObject({ code: 503 });
      await expect(client.emit('event', 1)).rejects.toMatchObject({ code: 503 });
      await broker.start();
      await stage.until(() => client.status.state === 'ready', 'it was found');
      await client.emit('event', 1);
    } finally {
      await client.close();
      await broker.close();
    }
  });

  it('that hangs in the middle of calls does not keep anybody from closing, either', async () => {
    const broker = await startKafka();
    const options = { brokers: broker.brokers, group: 'service' };
    const host = await stage.host(kafka(options), (service) =>
      service
        .message('echo', (data) => data)
        .event('event', () => undefined)
        .event('event', () => undefined, { broadcast: true }),
    );
    const client = createClient(kafka(options), { logger: quiet });
    try {
      expect(await client.send('echo', 1)).toBe(1);
      broker.pause();
      const calls = [client.send('echo', 2), client.emit('event', 2)].map((call) =>
        call.catch((reason: unknown) => (reason as { code: number }).code),
      );
      const begun = performance.now();
      await Promise.all([client.close({ timeout: 1000 }), host.close({ timeout: 1000 })]);
      // A request gets 10 s.
      expect(performance.now() - begun).toBeLessThan(8000);
      for (const code of await Promise.all(calls)) expect([502, 503]).toContain(code);
    } finally {
      broker.resume();
      await broker.close();
    }
  });

  it('does not keep anybody from closing', async () => {
    const client = createClient(kafka({ brokers: [closed], outage: 'wait' }), { logger: quiet });
    const call = client.send('echo', 1).catch((reason: unknown) => reason);
    const begun = performance.now();
    await client.close({ timeout: 500 });
    // It would try for ever, and the call wait for 20 s.
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(await call).toMatchObject({ code: 503 });
  });
});

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Nobody listens there; a port that was free a moment ago may be somebody's now. */
const closed = '127.0.0.1:1';
