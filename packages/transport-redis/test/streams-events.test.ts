import { recordCalls, waitForCall } from '@parley/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StreamsStage, until } from './streams-stage.ts';

let stage: StreamsStage;
beforeEach(async () => {
  stage = await StreamsStage.open();
});
afterEach(() => stage[Symbol.asyncDispose]());

const timeout = { timeout: 15_000 };
const payloads = (handler: { readonly calls: readonly { readonly data: unknown }[] }) =>
  handler.calls.map(({ data }) => data);

describe('a group', () => {
  it('gets what is emitted from when it first wanted it, not what was before', async () => {
    const client = stage.client();
    await client.emit('user.created', 'before');
    await later(client);
    const exact = recordCalls();
    const wild = recordCalls();
    await stage.instance((host) => host.event('user.created', exact).event('user.*', wild));
    await client.emit('user.created', 'after');
    for (const handler of [exact, wild]) {
      await waitForCall(handler, 'after', timeout);
      expect(payloads(handler)).toEqual(['after']);
    }
  });

  it('finds new names that its wildcard matches, and reads them from their beginning', async () => {
    const handler = recordCalls();
    await stage.instance((host) => host.event('order.*', handler));
    const client = stage.client();
    const names = Array.from({ length: 20 }, (_, index) => `order.${index}`);
    for (const name of names) await client.emit(name, `${name} first`);
    for (const name of names) await client.emit(name, `${name} second`);
    await client.emit('unrelated', 1);
    await until(() => handler.calls.length === 40, 'all had come');
    expect(payloads(handler).toSorted()).toEqual(
      names.flatMap((name) => [`${name} first`, `${name} second`]).toSorted(),
    );
    expect(new Set(handler.calls.map(({ context }) => context.pattern))).toEqual(new Set(names));
  });

  it('misses no name that appeared while it was away', async () => {
    const first = recordCalls();
    const { host } = await stage.instance((host) => host.event('away.*', first));
    const client = stage.client();
    await client.emit('away.known', 1);
    await waitForCall(first, 1, timeout);
    await host.close();
    await client.emit('away.known', 2);
    await client.emit('away.new', 3);
    const second = recordCalls();
    await stage.instance((host) => host.event('away.*', second));
    await until(() => second.calls.length === 2, 'both had come');
    expect(payloads(second).toSorted()).toEqual([2, 3]);
  });

  it('shares events of a name between a wildcard and an exact pattern: each entry comes once', async () => {
    const exact = recordCalls();
    const wild = recordCalls();
    for (let count = 0; count < 2; count += 1) {
      await stage.instance((host) => host.event('both.one', exact).event('both.*', wild));
    }
    const client = stage.client();
    for (let index = 0; index < 50; index += 1) await client.emit('both.one', index);
    await until(() => exact.calls.length >= 50 && wild.calls.length >= 50, 'all had come');
    expect(new Set(payloads(exact)).size).toBe(50);
    expect(exact.calls).toHaveLength(50);
    expect(wild.calls).toHaveLength(50);
  });
});

describe('a handler of every instance', () => {
  it('gets every event once, over an outage too, and nothing from before', async () => {
    const client = stage.client();
    await client.emit('cache.flushed', 'before');
    await client.emit('cache.warmed', 'before');
    const handlers = [recordCalls(), recordCalls()] as const;
    for (const handler of handlers) {
      await stage.instance((host) =>
        host.event('cache.flushed', handler, { broadcast: true }).event('cache.w*', handler, { broadcast: true }),
      );
    }
    let emitted = 0;
    const emit = async (name: string) => {
      await client.emit(name, emitted);
      emitted += 1;
    };
    for (const name of ['cache.flushed', 'cache.warmed', 'cache.wiped']) await emit(name);
    for (const handler of handlers) await until(() => handler.calls.length === emitted, 'all had come');
    await stage.server.killClients('all');
    await until(async () => {
      const before = emitted;
      for (const name of ['cache.flushed', 'cache.warmed', 'cache.wiped']) await emit(name).catch(() => undefined);
      return emitted >= before + 3;
    }, 'events can be emitted again');
    for (const handler of handlers) {
      await until(() => new Set(payloads(handler)).size >= emitted, 'all had come');
      expect(payloads(handler).toSorted()).toEqual(Array.from({ length: emitted }, (_, index) => index).toSorted());
    }
  });

  it('may fail: it is tried again there, and then told', async () => {
    const failing = recordCalls(() => {
      throw new Error('not here');
    });
    const retry = { attempts: 3, backoff: { initial: 5, max: 5 } };
    const { warnings } = await stage.instance((host) => host.event('fails', failing, { broadcast: true, retry }));
    await stage.client().emit('fails', 1);
    await until(() => warnings.having('failed for good').length === 1, 'it was told');
    expect(failing.calls).toHaveLength(3);
  });

  it('is harmed by no entry that cannot be read', async () => {
    const handler = recordCalls();
    const { warnings } = await stage.instance((host) => host.event('poisoned', handler, { broadcast: true }));
    await stage.redis.xadd(stage.names.stream('event', 'poisoned'), '*', 'foo', 'bar');
    await stage.client().emit('poisoned', 'healthy');
    await waitForCall(handler, 'healthy', timeout);
    expect(warnings.having('cannot be read')).toHaveLength(1);
  });
});

/** Redis tells the time in milliseconds: what happens within one cannot be told apart. */
async function later(client: { emit(pattern: string, data: unknown): Promise<void> }): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < 20) await client.emit('clock', 1);
}
