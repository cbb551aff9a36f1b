import { recordCalls, waitForCall } from '@parley/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redisDeadLetters } from '../src/index.ts';
import { gate, StreamsStage, until } from './streams-stage.ts';

let stage: StreamsStage;
beforeEach(async () => {
  stage = await StreamsStage.open();
});
afterEach(() => stage[Symbol.asyncDispose]());

const timeout = { timeout: 15_000 };

describe('when somebody empties Redis', () => {
  it('an instance makes its groups again, says so, and loses nothing that comes afterwards', async () => {
    const handler = recordCalls();
    const everywhere = recordCalls();
    const { warnings } = await stage.instance((host) =>
      host
        .message('echo', (data) => data)
        .event('user.*', handler)
        .event('flushed', everywhere, { broadcast: true }),
    );
    const client = stage.client();
    expect(await client.send('echo', 1)).toBe(1);
    await client.emit('user.created', 'before');
    await waitForCall(handler, 'before', timeout);
    await stage.redis.flushall();
    expect(await client.send('echo', 2, { timeout: 10_000 })).toBe(2);
    await client.emit('user.created', 'after');
    await waitForCall(handler, 'after', timeout);
    await client.emit('flushed', 'after');
    await waitForCall(everywhere, 'after', timeout);
    expect(handler.calls).toHaveLength(2);
    const told = warnings.having('had lost the group');
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThanOrEqual(2);
  });

  it('what runs is answered, and what fails is kept', async () => {
    const goOn = gate();
    const slow = recordCalls(async () => {
      await goOn.opened;
      return 'answered';
    });
    const failing = recordCalls(async () => {
      await goOn.opened;
      throw new Error('fails');
    });
    const { warnings } = await stage.instance((host) =>
      host.message('slow', slow).event('fails', failing, { retry: { attempts: 1 } }),
    );
    const client = stage.client();
    const call = client.send('slow', 1);
    await client.emit('fails', 1);
    await waitForCall(slow, 1, timeout);
    await waitForCall(failing, 1, timeout);
    await stage.redis.flushall();
    await until(() => warnings.having('had lost the group').length > 0, 'it was noticed');
    goOn.open();
    expect(await call).toBe('answered');
    await using letters = redisDeadLetters({ url: stage.server.url });
    await until(async () => (await Array.fromAsync(letters.list())).length === 1, 'it was among the dead letters');
  });

  it('names of events are known again, to those who come later', async () => {
    const client = stage.client();
    await client.emit('user.created', 1);
    await stage.server.restart();
    await until(async () => {
      await client.emit('user.created', 2).catch(() => undefined);
      return (await stage.redis.sismember('parley:events', 'user.created').catch(() => 0)) === 1;
    }, 'it was known again');
  });
});

it('a reader that Redis has cut off reads on', async () => {
  const handler = recordCalls();
  await stage.instance((host) => host.event('read', handler));
  const client = stage.client();
  for (let round = 0; round < 3; round += 1) {
    await client.emit('read', `${round} a`);
    await waitForCall(handler, `${round} a`, timeout);
    // The one that blocks: the others are never in XREADGROUP for long.
    const lines = String(await stage.redis.client('LIST')).split('\n');
    const blocked = lines.find((line) => line.includes('cmd=xreadgroup'));
    await stage.redis.client('KILL', 'ID', /\bid=(\d+)/.exec(blocked ?? '')?.[1] ?? '0');
    await client.emit('read', `${round} b`);
    await waitForCall(handler, `${round} b`, timeout);
  }
  expect(handler.calls).toHaveLength(6);
});

it('a Redis that hangs for a while is not read twice', async () => {
  const handler = recordCalls();
  await stage.instance((host) => host.event('hung', handler), { heartbeat: 600, lease: 6000 });
  const client = stage.client({ heartbeat: 600 });
  await client.emit('hung', 1);
  await waitForCall(handler, 1, timeout);
  stage.server.pause();
  const paused = performance.now();
  await until(() => client.status.state === 'disconnected', 'the client had noticed');
  await until(() => performance.now() - paused > 4000, 'the reader must have noticed, too');
  stage.server.resume();
  await until(async () => {
    await client.emit('hung', 2).catch(() => undefined);
    return handler.calls.some(({ data }) => data === 2);
  }, 'events came again');
  expect(handler.calls.filter(({ data }) => data === 1)).toHaveLength(1);
});
