import { randomBytes } from 'node:crypto';
import { RpcCode, RpcException, writeHead } from '@parley/core/transport';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RedisContext, redis } from '../../src/index.ts';
import { packParcel, readParcel } from '../../src/wire/parcel.ts';
import { broker, client, serve, until } from './stage.ts';

const raw = (url: string) => {
  const connection = new Redis(url);
  onTestFinished(() => connection.disconnect());
  return connection;
};

/** Of what came on a channel. */
const messagesOf = (came: Buffer): string[] => {
  const bounds = readParcel(came) ?? [0, came.length];
  return bounds.slice(1).map((to, index) => came.toString('utf8', bounds[index], to));
};

describe('payloads', () => {
  it.each([1, 100, 65_536, 1_048_576, 8_388_608])(
    'of %i bytes arrive as they were sent, text and bytes',
    async (size) => {
      const { url } = await broker();
      const events: unknown[] = [];
      await serve({ url }, (host) => host.event('told', (data) => void events.push(data)));
      const { client: proxy } = client({ url });
      const bytes = new Uint8Array(randomBytes(size));
      const text = 'é\n"x'.repeat(size).slice(0, size);
      const same = (other: unknown) => other instanceof Uint8Array && Buffer.compare(other, bytes) === 0;
      expect(same(await proxy.send('echo', bytes))).toBe(true);
      expect((await proxy.send('echo', text)) === text).toBe(true);
      await proxy.emit('told', bytes);
      await until(() => events.length === 1, 'the event is there');
      expect(same(events[0])).toBe(true);
    },
    120_000,
  );

  it('may be far more at once than Redis keeps for a subscriber', async () => {
    const { url } = await broker();
    await serve({ url });
    const { client: proxy } = client({ url });
    const text = 'x'.repeat(1_048_576);
    const replies = await Promise.all(Array.from({ length: 100 }, () => proxy.send('echo', text)));
    expect(replies.every((reply) => reply === text)).toBe(true);
  });
});

describe('what a tick sends', () => {
  const published = async (redis: Redis) =>
    Number(/calls=(\d+)/.exec((await redis.info('commandstats')).split('cmdstat_publish:')[1] ?? '')?.[1]);

  it('to one channel is published as one message, and each is still one of its own', async () => {
    const { url } = await broker();
    const { warnings } = await serve({ url }, (host) =>
      host.message<number>('odd', (number) => {
        if (number % 2 === 0) throw new RpcException('even', { code: RpcCode.Conflict });
        return number;
      }),
    );
    const { client: proxy } = client({ url });
    await proxy.connect();
    const redis = raw(url);
    const bytes = new Uint8Array([0, 10, 255]);
    const replies = await Promise.allSettled([
      ...Array.from({ length: 500 }, (_, number) => proxy.send('odd', number)),
      ...Array.from({ length: 500 }, () => proxy.send('echo', bytes)),
      proxy.send('odd', 1, { signal: AbortSignal.abort() }),
      proxy.send('nobody'),
      proxy.send('nobody'),
    ]);
    const codes = replies.map((reply) => (reply.status === 'fulfilled' ? reply.value : reply.reason.code));
    expect(codes.slice(0, 500)).toEqual(Array.from({ length: 500 }, (_, number) => (number % 2 === 1 ? number : 409)));
    expect(codes.slice(500, 1000)).toEqual(Array.from({ length: 500 }, () => bytes));
    expect(codes.slice(1000)).toEqual([499, 503, 503]);
    expect(await published(redis)).toBeLessThan(100);
    expect(warnings.lines).toEqual([]);
  });

  it('keeps events in order, whatever their names', async () => {
    const { url } = await broker();
    const seen: unknown[] = [];
    await serve({ url }, (host) => host.event('*', (data) => void seen.push(data)));
    const { client: proxy } = client({ url });
    await proxy.connect();
    const redis = raw(url);
    const numbers = Array.from({ length: 300 }, (_, number) => number);
    await Promise.all(numbers.map((number) => proxy.emit(number % 30 < 20 ? 'many' : `few.${number % 3}`, number)));
    await until(() => seen.length === 300, 'all are handled');
    expect(seen).toEqual(numbers);
    expect(await published(redis)).toBeLessThan(200);
  });

  it('is dropped as a whole when it cannot be taken apart, and message by message when some of them are none', async () => {
    const { url } = await broker();
    const seen: unknown[] = [];
    const { warnings } = await serve({ url }, (host) => host.event('told', (data) => void seen.push(data)));
    const redis = raw(url);
    const event = (body: string) => `[1,"event",null,"text"]\n${body}`;
    await redis.publish('parley:e:told', '[1,"parcel",3]\nxx');
    await redis.publish('parley:e:told', packParcel([event('1'), '[]', packParcel(['[1]']), event('22')]));
    await until(() => seen.length === 2, 'the others are handled');
    expect(seen).toEqual([1, 22]);
    expect(warnings.having('dropped a parcel on "parley:e:told"')).toHaveLength(1);
    expect(warnings.having('dropped a message on "parley:e:told"')).not.toHaveLength(0);
  });
});

describe('events', () => {
  it('that several subscriptions match are handled once by each handler', async () => {
    const { url } = await broker();
    const handled: string[] = [];
    await serve({ url }, (host) => {
      for (const pattern of ['user.created', 'user.*', '*.created', '*', 'user.c*']) {
        host.event(pattern, () => void handled.push(pattern));
      }
      host.event('*', () => void handled.push('broadcast'), { broadcast: true });
    });
    const { client: proxy } = client({ url });
    await proxy.emit('user.created', 1);
    await proxy.emit('end', 1);
    await until(() => handled.filter((pattern) => pattern === '*').length === 2, 'both events are handled');
    expect(handled.toSorted()).toEqual([
      '*',
      '*',
      '*.created',
      'broadcast',
      'broadcast',
      'user.*',
      'user.c*',
      'user.created',
    ]);
  });

  it('reach a handler for everything, and nothing else does: no message, no answer, no cancel', async () => {
    const { url } = await broker();
    const seen: unknown[] = [];
    const { warnings } = await serve({ url }, (host) => {
      host.event('*', (_, ctx) => void seen.push(ctx.pattern));
      host.event('i:*', (_, ctx) => void seen.push(ctx.pattern));
    });
    const { client: proxy } = client({ url });
    expect(await proxy.send('echo', 1)).toBe(1);
    await expect(proxy.send('echo', 1, { timeout: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 499,
    });
    await proxy.emit('last', 1);
    await until(() => seen.length > 0, 'the event is handled');
    expect(seen).toEqual(['last']);
    expect(warnings.lines).toEqual([]);
  });

  it('are matched by Redis as by Parley, whatever is in their names', async () => {
    const { url } = await broker();
    const seen: unknown[] = [];
    const patterns = ['a?c*', 'a[b]c*', 'a\\*', '^*', 'a*c', '[^a]*', 'é*', '{"x":*'];
    await serve({ url }, (host) => {
      for (const pattern of patterns) host.event(pattern, (_, ctx) => void seen.push(`${pattern} ${ctx.pattern}`));
      host.event('end', () => void seen.push('end'));
    });
    const { client: proxy } = client({ url });
    for (const name of ['a?c', 'abc', 'a[b]c', 'a\\b', '^', 'bx', '[^a]', 'éé', 'e', '{"x":1}'])
      await proxy.emit(name, 1);
    await proxy.emit('end', 1);
    await until(() => seen.includes('end'), 'all are handled');
    expect(seen.toSorted()).toEqual(
      [
        'a*c a?c',
        'a*c a[b]c',
        'a*c abc',
        'a?c* a?c',
        'a[b]c* a[b]c',
        'a\\* a\\b',
        '^* ^',
        '[^a]* [^a]',
        'é* éé',
        '{"x":* {"x":1}',
        'end',
      ].toSorted(),
    );
  });

  it('are told what they came by', async () => {
    const { url } = await broker();
    const seen: unknown[] = [];
    await serve({ url, prefix: 'p:' }, (host) => {
      host.event('told.*', (_, ctx) => {
        const { channel, entryId, deliveryCount } = ctx as RedisContext;
        seen.push([channel, entryId, deliveryCount]);
      });
    });
    const { client: proxy } = client({ url, prefix: 'p:' });
    await proxy.emit('told.x', 1);
    await until(() => seen.length > 0, 'it is handled');
    expect(seen).toEqual([['p:e:told.x', undefined, 1]]);
  });
});

describe('several instances', () => {
  it('both handle a message, the first answer counts, and the second is warned of at its start', async () => {
    const { url } = await broker();
    let handled = 0;
    const define = (host: { message(pattern: string, handler: () => unknown): unknown }) =>
      host.message('count', () => ++handled);
    const first = await serve({ url }, define);
    const second = await serve({ url }, define);
    expect(first.warnings.lines).toEqual([]);
    expect(second.warnings.having('another instance listens to "echo", "count"')).toHaveLength(1);
    const { client: proxy, warnings } = client({ url });
    expect([1, 2]).toContain(await proxy.send('count'));
    await until(() => handled === 2, 'both have handled it');
    expect(warnings.lines).toEqual([]);
  });

  it('with another prefix know nothing of each other', async () => {
    const { url } = await broker();
    await serve({ url, prefix: 'one:' });
    const { client: proxy } = client({ url, prefix: 'two:' });
    await expect(proxy.send('echo', 1)).rejects.toMatchObject({ code: 503 });
    expect((await serve({ url, prefix: 'two:' })).warnings.lines).toEqual([]);
    expect(await proxy.send('echo', 1)).toBe(1);
  });
});

describe('what anybody may publish', () => {
  it('is dropped with a warning when it is no message of ours, and nothing else is harmed', async () => {
    const { url } = await broker();
    const events: unknown[] = [];
    const { warnings } = await serve({ url }, (host) => host.event('*', (data) => void events.push(data)));
    const { client: proxy } = client({ url });
    expect(await proxy.send('echo', 1)).toBe(1);
    const redis = raw(url);
    const inboxes = (await redis.pubsub('CHANNELS', 'parley:i:*')) as string[];
    expect(inboxes).toHaveLength(2);
    const request = writeHead(
      {
        kind: 'request',
        id: 1,
        pattern: 'echo',
        timeout: 0,
        credit: 0,
        headers: undefined,
        contentType: undefined,
        body: undefined,
      },
      'somebody',
    );
    for (const channel of ['parley:m:echo', 'parley:c:echo', 'parley:e:x', ...inboxes]) {
      for (const message of [
        '',
        '\n',
        '{}',
        '[1]',
        '[2,"request"]',
        '[1,"reply",7,"x",0,true,"text"]',
        randomBytes(100),
      ]) {
        await redis.publish(channel, message);
      }
      if (channel !== 'parley:m:echo') await redis.publish(channel, request);
    }
    expect(await proxy.send('echo', 2)).toBe(2);
    await proxy.emit('x', 'fine');
    await until(() => events.includes('fine'), 'events go on');
    expect(events).toEqual(['fine']);
    expect(warnings.having('dropped a message on "parley:m:echo"')).not.toHaveLength(0);
  });

  it('is answered with the error when only its headers are wrong, or it is too large', async () => {
    const { url } = await broker();
    await serve({ url, maxBody: 1000 });
    const redis = raw(url);
    const answers: string[] = [];
    const listener = redis.duplicate();
    onTestFinished(() => listener.disconnect());
    listener.on('messageBuffer', (_channel: Buffer, message: Buffer) => void answers.push(...messagesOf(message)));
    await listener.subscribe('parley:i:me');
    await redis.publish('parley:m:echo', '[1,"request","me/1",1000,0,null,null,{"BAD":"x"}]');
    await redis.publish('parley:m:echo', `[1,"request","me/2",1000,0,"text"]\n${'x'.repeat(1001)}`);
    await until(() => answers.length === 2, 'both are answered');
    expect(answers[0]).toMatch(/^\[1,"error",1,.*\n\{"error":.*"code":400/s);
    expect(answers[1]).toMatch(/^\[1,"error",2,.*\n\{"error":.*"code":413/s);
  });
});

describe('unwrap', () => {
  it('gives the connection for commands, the same one after an outage', async () => {
    const server = await broker();
    await serve({ url: server.url });
    const { client: proxy } = client({ url: server.url, outage: 'wait' });
    await proxy.connect();
    const driver = proxy.unwrap(Redis);
    expect(await driver.set('mine', '1')).toBe('OK');
    await server.restart();
    await until(
      () =>
        proxy.send('echo', 1).then(
          () => true,
          () => false,
        ),
      'it works again',
    );
    expect(proxy.unwrap(Redis)).toBe(driver);
    expect(await driver.ping()).toBe('PONG');
  });

  it('gives nothing before it was connected', () => {
    const transport = redis({}).createClient();
    expect(() => transport.unwrap(Redis)).toThrow(expect.objectContaining({ code: 503 }));
    expect(() => transport.unwrap(Map)).toThrow(TypeError);
  });
});
