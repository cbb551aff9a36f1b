import { type Host, RpcException } from '@parley/core';
import { recordCalls, waitForCall } from '@parley/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redis } from '../src/index.ts';
import { gate, StreamsStage, until } from './streams-stage.ts';

let stage: StreamsStage;
beforeEach(async () => {
  stage = await StreamsStage.open();
});
afterEach(() => stage[Symbol.asyncDispose]());

const timeout = { timeout: 15_000 };

/** How often Redis has done a command. */
async function countOf(command: string): Promise<number> {
  const info = await stage.redis.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
}

describe('an instance', () => {
  it.each([1, 2, 5])(
    'runs %i handlers at once and holds no more, whatever waits in how many streams',
    async (concurrency) => {
      const patterns = ['a', 'b', 'c', 'd'];
      const running = new Set<() => void>();
      let most = 0;
      const handler = () =>
        new Promise<string>((resolve) => {
          running.add(() => resolve('done'));
          most = Math.max(most, running.size);
        });
      await stage.instance(
        (host) => {
          for (const pattern of patterns) host.message(pattern, handler);
        },
        { concurrency },
      );
      const client = stage.client();
      let settled = 0;
      const calls = patterns.flatMap((pattern) =>
        Array.from({ length: 5 }, () => client.send(pattern).finally(() => (settled += 1))),
      );
      const held = async () => {
        const counts = patterns.map((pattern) => stage.pending(stage.names.stream('message', pattern)));
        return (await Promise.all(counts)).reduce((sum, count) => sum + count);
      };
      for (let round = 0; round < 4; round += 1) {
        await until(
          () => running.size === concurrency || settled + running.size === calls.length,
          'as many run as may',
        );
        // What has just ended is still to be acknowledged; what was read too early would stay.
        await until(async () => (await held()) <= concurrency, 'no more was held than runs');
        for (const end of [...running]) {
          running.delete(end);
          end();
        }
      }
      const finishing = setInterval(() => {
        for (const end of [...running]) {
          running.delete(end);
          end();
        }
      }, 1);
      expect(await Promise.all(calls)).toEqual(calls.map(() => 'done'));
      clearInterval(finishing);
      expect(most).toBe(concurrency);
    },
  );

  it('leaves what it has no room for to the others', async () => {
    const goOn = gate();
    const busy = recordCalls(() => goOn.opened);
    const idle = recordCalls(() => 'idle');
    await stage.instance((host) => host.message('work', busy), { concurrency: 1 });
    const client = stage.client();
    const first = client.send('work', 1);
    await waitForCall(busy, 1, timeout);
    await stage.instance((host) => host.message('work', idle));
    expect(await Promise.all([2, 3, 4].map((data) => client.send('work', data)))).toEqual(['idle', 'idle', 'idle']);
    goOn.open();
    await first;
    expect(busy.calls).toHaveLength(1);
  });

  it('acknowledges what it has handled at one go', async () => {
    const handler = recordCalls();
    await stage.instance((host) => host.event('quick', handler));
    const before = await countOf('xack');
    const client = stage.client();
    await Promise.all(Array.from({ length: 2000 }, (_, index) => client.emit('quick', index)));
    await until(async () => (await stage.pending(stage.names.stream('event', 'quick'))) === 0, 'all was acknowledged');
    await until(() => handler.calls.length === 2000, 'all was handled');
    expect((await countOf('xack')) - before).toBeLessThan(1000);
  });

  it('hands over what it had read when it is paused, and takes nothing any more', async () => {
    const handler = recordCalls();
    const { host } = await stage.instance((host) => host.event('paused', handler));
    const client = stage.client();
    let emitted = 0;
    const emitting = (async () => {
      while (emitted < 500) {
        await client.emit('paused', emitted);
        emitted += 1;
      }
    })();
    await until(() => handler.calls.length > 50, 'some had come');
    await host.close();
    const handled = handler.calls.length;
    await emitting;
    expect(handler.calls).toHaveLength(handled);
    expect(await stage.pending(stage.names.stream('event', 'paused'))).toBe(0);
    const next = recordCalls();
    await stage.instance((host) => host.event('paused', next));
    await until(() => next.calls.length + handled >= 500, 'the others came');
    expect(next.calls.map(({ data }) => data)).toEqual(Array.from({ length: 500 - handled }, (_, i) => handled + i));
  });

  it('does not wait for what it will not get: pausing is quick', async () => {
    const { host } = await stage.instance((host) => host.message('idle', () => 1).event('silent', () => undefined));
    const begun = performance.now();
    await host.close();
    expect(performance.now() - begun).toBeLessThan(1500);
  });
});

it('three instances share 10 000 requests evenly, and each is handled once', { timeout: 60_000 }, async () => {
  const counts = [0, 0, 0];
  const seen = new Set<unknown>();
  for (const which of counts.keys()) {
    const define = (host: Host) =>
      host.message('shared', async (data) => {
        counts[which] = (counts[which] ?? 0) + 1;
        seen.add(data);
        await new Promise((resolve) => setImmediate(resolve));
        return data;
      });
    // The default: a process that hangs for longer than its lease is no subject of this test.
    await stage.instance(define, { lease: 6000 });
  }
  const client = stage.client({ timeout: 50_000 });
  let next = 0;
  const worker = async () => {
    while (next < 10_000) {
      const data = next++;
      expect(await client.send('shared', data)).toBe(data);
    }
  };
  await Promise.all(Array.from({ length: 200 }, worker));
  expect(seen.size).toBe(10_000);
  expect(counts.reduce((sum, count) => sum + count)).toBe(10_000);
  for (const count of counts) expect(Math.abs(count - 10_000 / 3)).toBeLessThan((0.2 * 10_000) / 3);
});

describe('a request', () => {
  it('waits for a server until its deadline, which does not begin anew there', async () => {
    const client = stage.client();
    const begun = performance.now();
    const call = client.send('later', 1, { timeout: 20_000 });
    const stream = stage.names.stream('message', 'later');
    await until(async () => (await stage.redis.xlen(stream)) === 1, 'it was in its stream');
    const sent = performance.now();
    await until(() => performance.now() - sent > 2000, 'time has passed');
    const handler = recordCalls(() => 'at last');
    await stage.instance((host) => host.message('later', handler));
    expect(await call).toBe('at last');
    const left = (handler.calls[0]?.context.deadline ?? 0) - Date.now();
    // Nor is the waiting taken off twice.
    expect(left).toBeGreaterThan(20_000 - (performance.now() - begun) - 1500);
    expect(left).toBeLessThan(19_000);
  });

  it('that nobody came for in time is dropped unhandled', async () => {
    const client = stage.client();
    await client.connect();
    await expect(client.send('late', 1, { timeout: 50 })).rejects.toMatchObject({ code: 408 });
    // Redis counts from when it has it, which may be later.
    await until(
      async () => (await stage.redis.xlen(stage.names.stream('message', 'late'))) === 1,
      'it was in its stream',
    );
    const seen = performance.now();
    await until(() => performance.now() - seen > 100, 'its time was over there, too');
    const handler = recordCalls(() => 'too late');
    await stage.instance((host) => host.message('late', handler));
    expect(await client.send('late', 2)).toBe('too late');
    expect(handler.calls.map(({ data }) => data)).toEqual([2]);
    const stream = stage.names.stream('message', 'late');
    await until(async () => (await stage.pending(stream)) === 0, 'it was acknowledged');
  });

  it('that was cancelled before anybody had it is dropped unhandled', async () => {
    const goOn = gate();
    const handler = recordCalls(() => goOn.opened);
    await stage.instance((host) => host.message('work', handler), { concurrency: 1 });
    const client = stage.client();
    const first = client.send('work', 'first');
    await waitForCall(handler, 'first', timeout);
    const controller = new AbortController();
    const second = client.send('work', 'second', { signal: controller.signal }).catch((thrown: unknown) => thrown);
    const stream = stage.names.stream('message', 'work');
    await until(async () => (await stage.redis.xlen(stream)) === 2, 'it was in its stream');
    const overheard = stage.redis.duplicate();
    const cancelled = new Promise((resolve) => overheard.once('message', resolve));
    await overheard.subscribe('parley:c:work');
    controller.abort();
    expect(await second).toBeInstanceOf(RpcException);
    await cancelled;
    overheard.disconnect();
    await stage.redis.ping();
    goOn.open();
    await first;
    await client.send('work', 'third');
    expect(handler.calls.map(({ data }) => data)).toEqual(['first', 'third']);
  });

  it('is refused with a reason when Redis takes no more', async () => {
    const client = stage.client();
    await client.connect();
    await stage.redis.config('SET', 'maxmemory', '1');
    await expect(client.send('full', 1)).rejects.toMatchObject({ code: 503 });
    await expect(client.emit('full', 1)).rejects.toMatchObject({ code: 503 });
    await stage.redis.config('SET', 'maxmemory', '0');
    await client.emit('full', 1);
  });
});

it('what waits for a Redis that hangs is bounded: more is refused with 429', async () => {
  const mebibyte = 1_048_576;
  const client = stage.client({ maxBody: mebibyte, maxQueued: 4 * mebibyte, heartbeat: 0 });
  await client.emit('large', 'x');
  stage.server.pause();
  const outcomes: Promise<unknown>[] = [];
  let isRefused = false;
  await until(() => {
    const emitted = client.emit('large', new Uint8Array(mebibyte)).catch((thrown: unknown) => {
      isRefused = true;
      return (thrown as RpcException).code;
    });
    outcomes.push(emitted);
    return isRefused;
  }, 'one was refused');
  expect(outcomes.length).toBeLessThan(20);
  stage.server.resume();
  const codes = await Promise.all(outcomes);
  expect(codes.at(-1)).toBe(429);
  expect(codes.filter((code) => code === undefined).length).toBeGreaterThanOrEqual(4);
  await client.emit('large', 'again');
});

describe('the options', () => {
  it('must name a group to listen, and for a client to serve', async () => {
    const refused = expect.objectContaining({ code: 400, message: expect.stringContaining('"group"') });
    const place = { url: stage.server.url, mode: 'streams' } as const;
    await expect(stage.instance((host) => host.message('x', () => 1), { group: undefined })).rejects.toEqual(refused);
    await stage.client({ group: undefined }).connect();
    expect(() => redis({ ...place, lease: 1 })).toThrow(expect.objectContaining({ code: 400 }));
  });

  it.each([
    ['lease', 50],
    ['discoverInterval', 0],
    ['retention', { age: -1 }],
    ['retention', { size: 1 }],
    ['retention', 5],
    ['maxRequests', 0],
    ['maxDeadLetters', 1.5],
  ])('"%s" must make sense: not %o', (name, value) => {
    expect(() => redis({ mode: 'streams', group: 'g', [name]: value })).toThrow(name);
  });

  it('hold 256 handlers at once by default', () => {
    expect(redis({ mode: 'streams', group: 'g' }).endpoint.concurrency).toBe(256);
    expect(redis({ mode: 'streams', group: 'g', concurrency: 7 }).endpoint.concurrency).toBe(7);
  });
});
