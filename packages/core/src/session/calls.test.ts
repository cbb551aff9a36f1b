import { getEventListeners } from 'node:events';
import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorOf } from '../../test/support/error-of.ts';
import { answer, FakeLink, failure } from '../../test/support/fake-link.ts';
import { Abortable } from '../dispatch/index.ts';
import { RpcException } from '../errors/index.ts';
import { event, message } from '../patterns/index.ts';
import { type EndpointOptions, resolveEndpointOptions } from '../seam/index.ts';
import { Calls, type Links } from './calls.ts';
import { Requester } from './requester.ts';

const retry = { attempts: 3, backoff: { initial: 1, max: 1 } };

function calling(options: EndpointOptions = {}) {
  const link = new FakeLink({ shared: false });
  const resolved = resolveEndpointOptions('test', options);
  const requester = new Requester(link, resolved);
  return { link, requester, calls: new Calls(resolved, always(requester), new Abortable()) };
}

function always(requester: Requester): Links {
  return { pick: () => requester, wait: (_call, over) => over(requester) };
}

/** There is no link at once. */
function callsAfter(link: Promise<Requester>): Calls {
  const links: Links = { pick: () => undefined, wait: (_call, over) => link.then(over) };
  return new Calls(resolveEndpointOptions('test'), links, new Abortable());
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await tick();
}

const numbers = message('numbers', { request: z.number(), reply: z.coerce.number() });

describe('send', () => {
  it('gives the reply as the contract’s schema does', async () => {
    const { calls, link, requester } = calling();
    const reply = calls.send(numbers, 1);
    requester.answer(answer('reply', 1, { body: '"7"' }));
    expect(await reply).toBe(7);
    expect(link.lastRequest).toMatchObject({ pattern: 'numbers', body: '1' });
  });

  it('rejects with 422 when the reply does not satisfy it, and with 500 when the schema fails', async () => {
    const { calls, requester } = calling();
    const reply = calls.send(numbers, 1);
    requester.answer(answer('reply', 1, { body: '"x"' }));
    await expect(reply).rejects.toMatchObject({ code: 422 });
    const responseType = z.any().transform(() => {
      throw new Error('broken');
    });
    const other = calls.send('sum', 1, { responseType });
    requester.answer(answer('reply', 2, { body: '1' }));
    await expect(other).rejects.toMatchObject({ name: 'RpcException', code: 500 });
  });

  it('rejects, and does not throw, when the call is bad', async () => {
    const { calls, link } = calling();
    await expect(calls.send('', 1)).rejects.toMatchObject({ code: 400 });
    await expect(calls.send(event('a'), 1)).rejects.toMatchObject({ code: 400 });
    await expect(calls.emit('a.*', 1)).rejects.toMatchObject({ code: 400 });
    const hostile = Object.defineProperty({}, 'a', {
      enumerable: true,
      get() {
        throw new Error('hostile');
      },
    });
    await expect(calls.send(hostile as never, 1)).rejects.toBeInstanceOf(RpcException);
    expect(link.sent).toEqual([]);
  });

  it('tries again with a new id', async () => {
    const { calls, link, requester } = calling();
    const reply = calls.send('sum', 1, { retry });
    requester.answer(failure(1, 503));
    await until(() => link.requests.length === 2);
    expect(link.lastRequest.id).toBe(2);
    requester.answer(answer('reply', 2, { body: '7' }));
    expect(await reply).toBe(7);
  });

  it('asks for a link anew for each try', async () => {
    const links = [calling(), calling()];
    let tries = 0;
    const next = () => (links[tries++] as (typeof links)[0]).requester;
    const calls = new Calls(resolveEndpointOptions('test'), { pick: next, wait: (_call, over) => over(next()) });
    const reply = calls.send('sum', 1, { retry: { attempts: 2, backoff: { initial: 1, max: 1 } } });
    links[0]?.requester.answer(failure(1, 429));
    await until(() => links[1]?.link.requests.length === 1);
    links[1]?.requester.answer(answer('reply', 1, { body: '7' }));
    expect(await reply).toBe(7);
  });

  it('waits for a link, and rejects with its reason when there is none', async () => {
    const { requester, link } = calling();
    const ready = Promise.withResolvers<Requester>();
    const calls = callsAfter(ready.promise);
    const reply = calls.send('sum', 1);
    expect(link.sent).toEqual([]);
    ready.resolve(requester);
    await until(() => link.requests.length === 1);
    requester.answer(answer('reply', 1, { body: '7' }));
    expect(await reply).toBe(7);
    const none = callsAfter(Promise.reject(new RpcException('none', { code: 503 })));
    await expect(none.send('sum', 1)).rejects.toMatchObject({ code: 503 });
  });
});

describe('calls with retries', () => {
  it('are counted until they are settled, also between two tries', async () => {
    const { calls, requester } = calling();
    const reply = calls.send('sum', 1, { retry: { attempts: 2, backoff: { initial: 1, max: 1 } } });
    expect(calls.retrying).toBe(1);
    requester.answer(failure(1, 503));
    await until(() => requester.pending === 0);
    expect(calls.retrying).toBe(1);
    await until(() => requester.pending === 1);
    requester.answer(answer('reply', 2, { body: '7' }));
    expect(await reply).toBe(7);
    expect(calls.retrying).toBe(0);
  });

  it('are not tried again when nothing can be sent any more', async () => {
    const { requester, link } = calling();
    const closing = new Abortable();
    const calls = new Calls(resolveEndpointOptions('test'), always(requester), closing);
    const reply = errorOf(calls.send('sum', 1, { retry }));
    closing.abort(new RpcException('closed', { code: 503 }));
    requester.answer(failure(1, 503));
    expect(await reply).toMatchObject({ code: 503 });
    expect(link.requests).toHaveLength(1);
    expect(calls.retrying).toBe(0);
  });
});

describe('emit', () => {
  it('hands its key on', async () => {
    const { calls, link } = calling();
    await calls.emit('saved', { id: 1 }, { key: 'a' });
    expect(link.sent).toMatchObject([{ kind: 'event', pattern: 'saved', key: 'a', body: '{"id":1}' }]);
  });

  it('tries again after 503, and not after 502', async () => {
    for (const [code, sent] of [
      [503, 3],
      [502, 1],
    ] as const) {
      const { calls, link } = calling();
      link.outcome = () => Promise.reject(new RpcException('x', { code }));
      await expect(calls.emit('saved', 1, { retry })).rejects.toMatchObject({ code });
      expect(link.sent).toHaveLength(sent);
    }
  });
});

describe('stream', () => {
  it('is a call of its own for each iteration, which begins with its first read', async () => {
    const { calls, link, requester } = calling();
    const stream = calls.stream(numbers, 1, { buffer: 4 });
    const [first, second] = [stream[Symbol.asyncIterator](), stream[Symbol.asyncIterator]()];
    await tick();
    expect(link.sent).toEqual([]);
    const reads = [first.next(), second.next()];
    await until(() => link.requests.length === 2);
    expect(link.requests.map(({ id, credit }) => [id, credit])).toEqual([
      [1, 4],
      [2, 4],
    ]);
    for (const id of [1, 2]) requester.answer(answer('reply', id, { body: `"${id}"` }));
    expect(await Promise.all(reads)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ]);
  });

  it('has the endpoint’s buffer', async () => {
    const { calls, link } = calling({ buffer: 5 });
    void calls.stream('sum', 1)[Symbol.asyncIterator]().next();
    await until(() => link.requests.length === 1);
    expect(link.lastRequest.credit).toBe(5);
  });

  it('rejects its first read when the call is bad', async () => {
    const { calls } = calling();
    const replies = calls.stream('', 1)[Symbol.asyncIterator]();
    await expect(replies.next()).rejects.toMatchObject({ code: 400 });
  });

  it('that is left by break cancels', async () => {
    const { calls, link, requester } = calling();
    const read = (async () => {
      for await (const value of calls.stream('sum', 1)) return value;
      return undefined;
    })();
    await until(() => link.requests.length === 1);
    requester.answer(answer('reply', 1, { body: '1', last: false, from: 'a', seq: 0 }));
    expect(await read).toBe(1);
    expect(link.take()).toEqual(['request sum', 'cancel']);
  });

  it('that fails before its first reply is tried again; after it, no more', async () => {
    const { calls, link, requester } = calling();
    const replies = calls.stream('sum', 1, { retry })[Symbol.asyncIterator]();
    const first = replies.next();
    await until(() => link.requests.length === 1);
    requester.answer(failure(1, 503));
    await until(() => link.requests.length === 2);
    requester.answer(answer('reply', 2, { body: '1', last: false }));
    requester.answer(failure(2, 503));
    expect(await first).toEqual({ done: false, value: 1 });
    await expect(replies.next()).rejects.toMatchObject({ code: 503 });
    expect(link.requests).toHaveLength(2);
  });

  it('that is left while its first reply is awaited cancels at once', async () => {
    for (const options of [{}, { retry }]) {
      const { calls, link, requester } = calling();
      const replies = calls.stream('sum', 1, options)[Symbol.asyncIterator]();
      const read = replies.next();
      await until(() => link.requests.length === 1);
      const left = replies.return?.();
      await tick();
      await tick();
      expect(link.take()).toEqual(['request sum', 'cancel']);
      expect(await read).toEqual({ done: true, value: undefined });
      await left;
      expect(requester.pending).toBe(0);
    }
  });

  it('that is left while it waits for a link sends nothing', async () => {
    const { requester, link } = calling();
    const ready = Promise.withResolvers<Requester>();
    const calls = callsAfter(ready.promise);
    const replies = calls.stream('sum', 1)[Symbol.asyncIterator]();
    const read = replies.next();
    const left = replies.return?.();
    ready.resolve(requester);
    expect(await read).toEqual({ done: true, value: undefined });
    await left;
    expect(link.sent).toEqual([]);
  });

  it('is read to its end when its signal aborts after that', async () => {
    const { calls, link, requester } = calling();
    const controller = new AbortController();
    const replies = calls.stream('sum', 1, { signal: controller.signal })[Symbol.asyncIterator]();
    const read = replies.next();
    await until(() => link.requests.length === 1);
    requester.answer(answer('reply', 1, { body: '1', last: true }));
    controller.abort();
    expect(await read).toEqual({ done: false, value: 1 });
    expect(await replies.next()).toEqual({ done: true, value: undefined });
  });

  it('ends with 499 when its signal aborts', async () => {
    const { calls, link, requester } = calling();
    const controller = new AbortController();
    const replies = calls.stream('sum', 1, { signal: controller.signal })[Symbol.asyncIterator]();
    const read = replies.next();
    await until(() => link.requests.length === 1);
    controller.abort();
    await expect(read).rejects.toMatchObject({ code: 499 });
    expect(link.take()).toEqual(['request sum', 'cancel']);
    expect(requester.pending).toBe(0);
  });
});

describe('the caller’s signal', () => {
  it('is left alone again, however a call ends', async () => {
    const { calls, link, requester } = calling();
    const { signal } = new AbortController();
    const options = { signal, retry };
    const ended = [
      async () => {
        const reply = calls.send('sum', 1, { signal });
        requester.answer(answer('reply', Number(link.lastRequest.id)));
        await reply;
      },
      async () => {
        const reply = errorOf(calls.send('sum', 1, { signal, timeout: 1 }));
        expect(await reply).toMatchObject({ code: 408 });
      },
      async () => {
        link.outcome = () => Promise.reject(new RpcException('x', { code: 503 }));
        await errorOf(calls.send('sum', 1, options));
        await errorOf(calls.emit('saved', 1, options));
        link.outcome = () => undefined;
      },
      async () => {
        const replies = calls.stream('sum', 1, { signal })[Symbol.asyncIterator]();
        const read = replies.next();
        await until(() => link.requests.some(({ credit }) => credit > 0));
        await replies.return?.();
        await read;
      },
    ];
    for (const end of ended) {
      await end();
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }
  });

  it('may be that of a thousand calls at once, which says nothing in the log and ends them all', async () => {
    const warnings: string[] = [];
    const warn = ({ message: text }: Error) => void warnings.push(text);
    process.on('warning', warn);
    const { calls, requester } = calling();
    const controller = new AbortController();
    const replies = Array.from({ length: 1000 }, () => errorOf(calls.send('sum', 1, { signal: controller.signal })));
    controller.abort();
    for (const error of await Promise.all(replies)) expect(error).toMatchObject({ code: 499 });
    await tick();
    process.off('warning', warn);
    expect(warnings).toEqual([]);
    expect(requester.pending).toBe(0);
  });
});
