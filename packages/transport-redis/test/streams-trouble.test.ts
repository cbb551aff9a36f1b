import { createMicroservices, provideMicroservices } from '@parley/core';
import { OptionReader } from '@parley/core/transport';
import { recordCalls, waitForCall } from '@parley/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type RedisOptions, redis } from '../src/index.ts';
import type { Membership } from '../src/streams/group/membership.ts';
import { ConsumedStream } from '../src/streams/keep/consumed-stream.ts';
import { Holdings } from '../src/streams/keep/holdings.ts';
import { Leases } from '../src/streams/keep/leases.ts';
import { RoomBudget } from '../src/streams/read/room-budget.ts';
import { readStreamsOptions } from '../src/streams/streams-options.ts';
import { StreamsStage, until, Warnings } from './streams-stage.ts';

let stage: StreamsStage;
afterEach(() => stage?.[Symbol.asyncDispose]());

const timeout = { timeout: 15_000 };

describe('a Redis that is full', () => {
  const fill = () => stage.redis.config('SET', 'maxmemory', '1');
  const unavailable = { code: 503, message: expect.stringContaining('Redis is full') };

  it('refuses requests and events, and says why', async () => {
    stage = await StreamsStage.open();
    const client = stage.client();
    await client.connect();
    await fill();
    await expect(client.emit('saved', 1)).rejects.toMatchObject(unavailable);
    await expect(client.send('save', 1)).rejects.toMatchObject(unavailable);
  });

  it('can be emptied by a group that comes back', async () => {
    stage = await StreamsStage.open();
    const { host } = await stage.instance((first) =>
      first.event('saved', recordCalls()).event('more.*', recordCalls()),
    );
    await host.close({ timeout: 1000 });
    const client = stage.client();
    for (let index = 0; index < 10; index += 1) await client.emit('saved', index);
    await fill();
    const saved = recordCalls();
    await stage.instance((second) => second.event('saved', saved).event('more.*', recordCalls()));
    await waitForCall(saved, 9, timeout);
    const stream = stage.names.stream('event', 'saved');
    await until(async () => (await stage.pending(stream)) === 0, 'all is acknowledged');
  });
});

describe('a payload that is larger than the receiver takes', () => {
  it('is refused with 413, and an event becomes a dead letter', async () => {
    stage = await StreamsStage.open();
    const handler = recordCalls(() => 'fine');
    const { warnings } = await stage.instance((host) => host.message('big', handler).event('large', handler), {
      maxBody: 1000,
    });
    const client = stage.client();
    await expect(client.send('big', 'x'.repeat(2000))).rejects.toMatchObject({
      code: 413,
      details: { bytes: 2002, limit: 1000 },
    });
    await client.emit('large', 'x'.repeat(2000));
    const stream = stage.names.stream('event', 'large');
    await until(async () => (await stage.redis.xlen(`${stage.names.deadLetters(stream)}:service`)) === 1, 'it is dead');
    expect(await client.send('big', 'x')).toBe('fine');
    expect(handler.calls).toHaveLength(1);
    expect(warnings.having('2002 bytes')).toHaveLength(2);
  });

  it('is dropped with a warning by who gets every event', async () => {
    stage = await StreamsStage.open();
    const handler = recordCalls();
    const { warnings } = await stage.instance((host) => host.event('large', handler, { broadcast: true }), {
      maxBody: 1000,
    });
    const client = stage.client();
    await client.emit('large', 'x'.repeat(2000));
    await client.emit('large', 'x');
    await waitForCall(handler, 'x', timeout);
    expect(handler.calls).toHaveLength(1);
    expect(warnings.having('2002 bytes')).toHaveLength(1);
  });
});

describe('an instance of a Redis that hangs', () => {
  it.each([0, 30_000])('closes within its time, and lets everything go (heartbeat %i)', async (heartbeat) => {
    stage = await StreamsStage.open({}, { heartbeat });
    const transport = redis(stage.optionsOf({ group: 'service' }));
    const transporter = transport.createTransporter();
    const host = createMicroservices({
      providers: [
        provideMicroservices([
          { token: 'main', options: { ...transport, createTransporter: () => transporter }, client: false },
        ]),
      ],
      logger: new Warnings(),
    });
    host.message('a', () => 1).event('b.*', () => 1);
    await host.start();
    expect(await stage.client().send('a')).toBe(1);
    stage.server.pause();
    const begun = performance.now();
    await host.close({ timeout: 500 });
    // Core waits no longer than that; the transport itself is to be done, too.
    await transporter.close(500);
    const took = performance.now() - begun;
    stage.server.resume();
    expect(took).toBeLessThan(10_000);
  });
});

describe('an instance that ends with more than it can give back at once', () => {
  it('gives all of it back', async () => {
    stage = await StreamsStage.open();
    const { redis: commands, names } = stage;
    const stream = new ConsumedStream(names.stream('event', 'many'), 'event', 'many');
    const read = new OptionReader<RedisOptions>('redis', {}, []);
    const member: Membership = {
      group: 'service',
      consumer: 'leaver',
      names,
      options: readStreamsOptions(read, undefined),
      maxBody: 1000,
      redis: commands,
      isCluster: false,
      flushAnswers: () => undefined,
      warn: () => undefined,
      refused: () => undefined,
    };
    const unused = () => {
      throw new Error('not for this');
    };
    const holdings = new Holdings(member, { receive: unused, waited: unused, refuse: unused, doubts: unused });
    const budget = new RoomBudget({ room: unused, whenRoom: unused });
    const leases = new Leases({ member, holdings, budget, streams: () => [stream], vanished: unused });
    const count = 1200;
    await Promise.all(Array.from({ length: count }, (_, index) => commands.xadd(stream.key, '*', 'h', index)));
    await commands.xgroup('CREATE', stream.key, member.group, '0');
    await commands.xreadgroup('GROUP', member.group, member.consumer, 'COUNT', count, 'STREAMS', stream.key, '>');
    await leases.release(stream);
    const free = await commands.xpending(stream.key, member.group, 'IDLE', member.options.lease, '-', '+', 2 * count);
    expect(free).toHaveLength(count);
  });
});
