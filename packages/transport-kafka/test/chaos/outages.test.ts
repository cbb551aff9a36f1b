import { until } from '@parley/brokers/shared';
import { describe, expect, it } from 'vitest';
import { adminOfTest, clientOfTest, hostOfTest, kafkaOfTest, outcomeOf, timed } from './places.ts';

/** Milliseconds: half the timeout of a call, which is what it would take to wait. */
const atOnce = 10_000;

describe('a broker that is down', () => {
  it('when both sides start, is waited for', async () => {
    const broker = await kafkaOfTest();
    await broker.stop();
    const { brokers } = broker;
    const client = clientOfTest({ brokers });
    const patient = clientOfTest({ brokers, outage: 'wait', timeout: 60_000 });
    const connecting = patient.connect();
    connecting.catch(() => undefined);
    const host = hostOfTest({ brokers }, 30_000);
    const starting = host.start();
    starting.catch(() => undefined);
    expect(await outcomeOf(client.connect())).toBe(503);
    expect(client.status.state).toBe('disconnected');
    const [code, took] = await timed(outcomeOf(client.send('echo', 1)));
    expect(code).toBe(503);
    expect(took).toBeLessThan(atOnce);
    await broker.start();
    await Promise.all([starting, connecting]);
    expect(await patient.send('echo', 2)).toBe(2);
    await until('the client to be back', () => client.status.state === 'ready');
    expect(await client.send('echo', 3)).toBe(3);
  });

  it('for longer than startTimeout, is an error that says so', async () => {
    const broker = await kafkaOfTest();
    await broker.stop();
    const host = hostOfTest({ brokers: broker.brokers }, 3000);
    await expect(host.start()).rejects.toMatchObject({ code: 503, message: expect.stringContaining('ECONNREFUSED') });
    await host.close();
  });

  it('without a word, as behind a cable that was pulled, is noticed, and come back to', async () => {
    const broker = await kafkaOfTest();
    const host = hostOfTest({ brokers: broker.brokers });
    await host.start();
    const client = clientOfTest({ brokers: broker.brokers, timeout: 3000 });
    expect(await client.send('echo', 1, { timeout: 30_000 })).toBe(1);
    broker.pause();
    const [code, took] = await timed(outcomeOf(client.send('echo', 2)));
    expect([408, 502, 503]).toContain(code);
    expect(took).toBeLessThan(atOnce);
    broker.resume();
    await until('answers', async () => (await outcomeOf(client.send('echo', 3))) === 3);
    expect(client.pending).toBe(0);
  });
});

describe('wrong credentials', () => {
  it.each(['plain', 'scram-sha-256'] as const)('by %s, end the start at once with 401', async (mechanism) => {
    const sasl = { mechanism, username: 'alice', password: 'secret' };
    const { brokers } = await kafkaOfTest({ sasl });
    const wrong = { ...sasl, password: 'wrong' };

    const host = hostOfTest({ brokers, sasl: wrong }, 30_000);
    const [reason, took] = await timed(host.start().catch((error: unknown) => error));
    expect(reason).toMatchObject({ code: 401 });
    expect(String(reason)).not.toContain('wrong');
    expect(took).toBeLessThan(atOnce);

    const client = clientOfTest({ brokers, sasl: wrong });
    await expect(client.connect()).rejects.toMatchObject({ code: 401 });
    await expect(client.send('echo', 1)).rejects.toMatchObject({ code: 401 });

    const right = hostOfTest({ brokers, sasl });
    await right.start();
    const other = clientOfTest({ brokers, sasl });
    expect(await other.send('echo', 1)).toBe(1);
  });

  it('none, where they are asked for, is an error, too', async () => {
    const { brokers } = await kafkaOfTest({ sasl: { mechanism: 'plain', username: 'alice', password: 'secret' } });
    const host = hostOfTest({ brokers }, 1000);
    const reason = await host.start().catch((error: unknown) => error);
    expect(reason).toBeInstanceOf(Error);
    expect([401, 503]).toContain((reason as { code: number }).code);
  });
});

describe('a topic that is missing, where none is made by itself', () => {
  it('is an error that names it', async () => {
    const broker = await kafkaOfTest();
    const { brokers } = broker;
    const host = hostOfTest({ brokers, createTopics: false }, 30_000);
    const [reason, took] = await timed(host.start().catch((error: unknown) => error));
    expect(reason).toMatchObject({ code: 400 });
    expect(String(reason)).toMatch(/topic "[^"]+" does not exist/);
    expect(took).toBeLessThan(atOnce);

    const admin = await adminOfTest(broker);
    const made = ['parley.replies.service', 'parley.replies.parley', 'parley.control', 'echo.rpc'];
    await admin.createTopics({ topics: made.map((topic) => ({ topic })), waitForLeaders: true });
    const next = hostOfTest({ brokers, createTopics: false });
    await next.start();
    const client = clientOfTest({ brokers, createTopics: false });
    expect(await client.send('echo', 1)).toBe(1);
    await expect(client.send('missing', 1)).rejects.toMatchObject({
      code: 400,
      message: expect.stringContaining('"missing.rpc"'),
    });
    await expect(client.emit('nothing', 1)).rejects.toMatchObject({
      code: 400,
      message: expect.stringContaining('"nothing"'),
    });
    expect((await admin.listTopics()).filter((topic) => /missing|nothing/.test(topic))).toEqual([]);
    // The others go on.
    expect(await client.send('echo', 2)).toBe(2);
  });
});
