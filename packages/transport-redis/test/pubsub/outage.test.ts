import { startProxy } from '@parley/brokers/redis';
import type { ClientProxy } from '@parley/core';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { broker, client, serve, until } from './stage.ts';

/** A connection that Redis takes for alive still swallows requests: such a call is given up soon. */
const works = (proxy: ClientProxy) => () =>
  proxy.send('echo', 1, { timeout: 300 }).then(
    () => true,
    () => false,
  );

describe('an outage', () => {
  it('of only the subscribers: every call ends, and everybody listens again', async () => {
    const server = await broker();
    const { url } = server;
    await serve({ url });
    const { client: proxy } = client({ url, outage: 'wait' });
    await proxy.connect();
    const codes = new Map<unknown, number>();
    const count = (end: unknown) => codes.set(end, (codes.get(end) ?? 0) + 1);
    const stop = new AbortController();
    const callers = Array.from({ length: 8 }, async () => {
      while (!stop.signal.aborted) {
        await proxy.send('echo', 1, { timeout: 1000 }).then(
          () => count('reply'),
          (error: { code: number }) => count(error.code),
        );
      }
    });
    for (let round = 0; round < 4; round += 1) {
      await server.killClients('pubsub');
      await until(works(proxy), 'it works again');
    }
    await until(() => (codes.get('reply') ?? 0) > 10, 'there were replies');
    stop.abort();
    await Promise.all(callers);
    // 408 is a request that Redis took for the service's subscriber just before it was killed: nobody can know.
    expect([...codes.keys()].every((end) => end === 'reply' || end === 502 || end === 503 || end === 408)).toBe(true);
  });

  it('of the caller’s subscriber while a reply is on its way ends the call with 502 at once', async () => {
    const server = await broker();
    const { url } = server;
    let isRunning = false;
    await serve({ url }, (host) =>
      host.message('slow', async (_, ctx) => {
        isRunning = true;
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
      }),
    );
    const { client: proxy } = client({ url });
    const call = proxy.send('slow', undefined, { timeout: 10_000 });
    const ended = call.catch((error: unknown) => error);
    await until(() => isRunning, 'the handler runs');
    await server.killClients('pubsub');
    expect(await ended).toMatchObject({ code: 502 });
  });

  it.each([false, true])(
    'keeps the answers of a service for its end, for callers that were not cut off (service closes: %s)',
    async (closes) => {
      const server = await broker();
      const proxyServer = await startProxy(server.port);
      onTestFinished(() => proxyServer.close());
      const finish = Promise.withResolvers<void>();
      let isRunning = false;
      const { host } = await serve(
        { host: proxyServer.host, port: proxyServer.port, reconnect: { initial: 300 } },
        (made) =>
          made.message('slow', async () => {
            isRunning = true;
            await finish.promise;
            return 'kept';
          }),
      );
      const { client: proxy } = client({ url: server.url });
      const call = proxy.send('slow', undefined, { timeout: 10_000 });
      await until(() => isRunning, 'the handler runs');
      proxyServer.cut();
      await until(() => proxyServer.connections === 0, 'the service is cut off');
      finish.resolve();
      if (closes) await host.close({ timeout: 10_000 });
      expect(await call).toBe('kept');
      const state = closes ? 'closed' : 'ready';
      // The answer may be there before all subscriptions are.
      await until(() => host.health().main?.transporter?.state === state, `it is ${state}`);
    },
  );

  it('that trying again does not heal is told once, and ends when it is healed all the same', async () => {
    const users = { app: 'on >secret ~* &* +@all' };
    const server = await broker({ users });
    const { host: name, port } = server;
    const login = { host: name, port, username: 'app', password: 'secret', reconnect: { initial: 10, max: 20 } };
    const { warnings } = await serve(login);
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', 'app', 'resetpass', '>other');
    await admin.call('ACL', 'LOG', 'RESET');
    await admin.call('CLIENT', 'KILL', 'USER', 'app');
    const attempts = async () => {
      const rows = (await admin.call('ACL', 'LOG')) as unknown[][];
      return rows.reduce((sum, row) => sum + Number(row[row.indexOf('count') + 1]), 0);
    };
    await until(async () => (await attempts()) > 5, 'it tries on');
    expect(warnings.having('Redis refuses the password')).toHaveLength(1);
    await admin.call('ACL', 'SETUSER', 'app', '>secret');
    const { client: proxy } = client(login);
    await until(works(proxy), 'it is back');
  });

  it('is survived time after time in the middle of traffic, with the default options', async () => {
    const server = await broker();
    const { url } = server;
    const print = vi.spyOn(console, 'error');
    const warn = vi.spyOn(console, 'warn');
    onTestFinished(() => {
      print.mockRestore();
      warn.mockRestore();
    });
    await serve({ url }, (host) =>
      host.message('count', async function* () {
        for (let number = 0; ; number += 1) yield number;
      }),
    );
    const { client: proxy } = client({ url });
    await proxy.connect();
    const stop = new AbortController();
    let replies = 0;
    const ends = new Set<number>();
    const callers = Array.from({ length: 16 }, async (_, index) => {
      while (!stop.signal.aborted) {
        try {
          if (index % 4 > 0) await proxy.send('echo', index);
          else for await (const number of proxy.stream('count')) if (stop.signal.aborted || number === 1000) break;
          replies += 1;
        } catch (error) {
          ends.add((error as { code: number }).code);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      }
    });
    // Twenty times, between processes: in test/chaos.
    for (let round = 0; round < 4; round += 1) {
      const before = replies;
      await until(() => replies > before + 20, 'there is traffic');
      if (round % 2 === 0) await server.restart();
      else {
        await server.kill();
        await server.start();
      }
      await until(works(proxy), 'it works again');
    }
    stop.abort();
    await Promise.all(callers);
    expect([...ends].every((code) => code === 502 || code === 503)).toBe(true);
    await until(() => proxy.pending === 0, 'no call is left');
    // ioredis has printed nothing.
    expect(print).not.toHaveBeenCalled();
    expect(warn).not.toHaveBeenCalled();
  }, 120_000);
});

describe('a half-open connection', () => {
  it('is noticed within the heartbeat time, on both sides, and made anew', async () => {
    const heartbeat = 900;
    const server = await broker();
    const proxyServer = await startProxy(server.port);
    onTestFinished(() => proxyServer.close());
    const options = { host: proxyServer.host, port: proxyServer.port, heartbeat, connectTimeout: 2000 };
    const { host } = await serve(options);
    const { client: proxy } = client({ ...options, outage: 'fail' });
    await proxy.connect();
    const states: string[] = [];
    proxy.status$.subscribe(({ state }) => states.push(state));
    const began = performance.now();
    proxyServer.blackHole();
    const call = proxy.send('echo', 1, { timeout: 20_000 });
    await expect(call).rejects.toMatchObject({ code: 502 });
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(heartbeat / 3);
    // A loaded machine is late, not wrong.
    expect(took).toBeLessThan(heartbeat + 5000);
    proxyServer.restore();
    await until(works(proxy), 'it works again');
    expect(states).toContain('disconnected');
    // It may answer before all its subscriptions are there.
    await until(() => host.health().main?.transporter?.state === 'ready', 'the service is back');
  });

  it('is not suspected as long as Redis answers, however little is said', async () => {
    const server = await broker();
    // Longer than a busy Redis, or this process, stands still.
    const heartbeat = 3000;
    await serve({ url: server.url, heartbeat });
    const { client: proxy } = client({ url: server.url, heartbeat });
    await proxy.connect();
    const redis = proxy.unwrap(Redis);
    const { stream } = redis;
    const pings = async () => Number(/cmdstat_ping:calls=(\d+)/.exec(await looker.info('commandstats'))?.[1] ?? 0);
    const looker = new Redis(server.url);
    onTestFinished(() => looker.disconnect());
    const before = await pings();
    await until(async () => (await pings()) > before + 4, 'it was pinged some times');
    expect(redis.stream).toBe(stream);
  });

  it('is found by a server that hangs, too: a Redis that is stopped, and goes on', async () => {
    const server = await broker();
    const options = { url: server.url, heartbeat: 900, connectTimeout: 2000 };
    await serve(options);
    const { client: proxy } = client(options);
    await proxy.connect();
    server.pause();
    onTestFinished(() => server.resume());
    await expect(proxy.send('echo', 1)).rejects.toMatchObject({ code: 502 });
    server.resume();
    await until(works(proxy), 'it works again');
  });
});
