import { setImmediate as tick } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { answer, FakeLink, failure } from '../../test/support/fake-link.ts';
import { outgoing } from '../../test/support/outgoing.ts';
import type { OutgoingCall } from '../correlation/index.ts';
import { Abortable } from '../dispatch/abortable.ts';
import { jsonCodec } from '../envelope/index.ts';
import { RpcException } from '../errors/index.ts';
import { Requester } from './requester.ts';

const leaseInterval = 1000;

function asking(options: { readonly shared?: boolean; readonly maxBody?: number } = {}) {
  const link = new FakeLink(options);
  const requester = new Requester(link, { codec: jsonCodec, leaseInterval });
  const send = (overrides: Partial<OutgoingCall> = {}) => requester.send(outgoing(overrides));
  const stream = (buffer = 8, overrides: Partial<OutgoingCall> = {}) => requester.stream(outgoing(overrides), buffer);
  const emit = (overrides: Partial<OutgoingCall> = {}) => requester.emit(outgoing(overrides), undefined);
  return { link, requester, send, stream, emit };
}

const within = (milliseconds: number) => ({ deadline: performance.now() + milliseconds });

function givenUpBy(signal: Abortable): Partial<OutgoingCall> {
  return { onAbort: signal.onAbort.bind(signal) };
}

async function readAll(replies: AsyncIterator<unknown, undefined>): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let next = await replies.next(); next.done !== true; next = await replies.next()) values.push(next.value);
  return values;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a call', () => {
  it('leaves as a request with what is left of its time', async () => {
    const { link, send } = asking();
    const headers = { tenant: 'a' };
    void send({ data: { a: 1 }, headers, ...within(1500) });
    expect(link.sent).toEqual([
      {
        kind: 'request',
        id: 1,
        pattern: 'sum',
        headers,
        contentType: undefined,
        body: '{"a":1}',
        timeout: 1500,
        credit: 0,
      },
    ]);
  });

  it('without a deadline says 0, and one with almost none says at least 1', () => {
    const { link, send } = asking();
    void send();
    void send({ deadline: performance.now() + 0.2 });
    expect(link.requests.map(({ timeout }) => timeout)).toEqual([0, 1]);
  });

  it.each<[string, Parameters<typeof answer>[2], unknown]>([
    ['a reply', { body: '{"a":1}' }, { a: 1 }],
    ['null', { body: 'null' }, null],
    ['nothing', {}, undefined],
    ['bytes', { body: new Uint8Array([1]), contentType: 'application/octet-stream' }, new Uint8Array([1])],
  ])('resolves with %s', async (_name, own, value) => {
    const { requester, send } = asking();
    const reply = send();
    expect(requester.pending).toBe(1);
    requester.answer(answer('reply', 1, own));
    expect(await reply).toEqual(value);
    expect(requester.pending).toBe(0);
  });

  it('rejects with the error of the other side', async () => {
    const { requester, send } = asking();
    const reply = send();
    requester.answer(failure(1, 409, 'taken'));
    await expect(reply).rejects.toMatchObject({ name: 'RpcException', code: 409, message: 'taken' });
    expect(requester.pending).toBe(0);
  });

  it.each([undefined, '', '{', '{}', '"x"', new Uint8Array([0xff]), '{"error":"x","code":1}'])(
    'rejects with 500 when the error is none: %j',
    async (body) => {
      const { requester, send } = asking();
      const reply = send();
      requester.answer(answer('error', 1, { body }));
      await expect(reply).rejects.toMatchObject({ name: 'RpcException', code: 500 });
    },
  );

  it('to a handler that gives a stream resolves with the last reply', async () => {
    const { requester, send, link } = asking();
    const reply = send();
    requester.answer(answer('reply', 1, { body: '1', last: false }));
    requester.answer(answer('reply', 1, { body: '2', last: true }));
    expect(await reply).toBe(2);
    expect(link.take()).toEqual(['request sum']);
  });

  it('to an empty stream resolves with undefined', async () => {
    const { requester, send } = asking();
    const reply = send();
    requester.answer(answer('complete', 1));
    expect(await reply).toBeUndefined();
  });

  it('rejects with 500 when the reply cannot be decoded; nothing is left to cancel', async () => {
    const { requester, send, link } = asking();
    const reply = send();
    requester.answer(answer('reply', 1, { body: '{' }));
    await expect(reply).rejects.toMatchObject({ code: 500 });
    expect(link.take()).toEqual(['request sum']);
    expect(requester.pending).toBe(0);
  });

  it('that cannot be encoded, or is too large, rejects and sends nothing', async () => {
    const { link, requester, send, stream, emit } = asking({ maxBody: 10 });
    await expect(send({ data: 1n })).rejects.toMatchObject({ code: 400 });
    await expect(send({ data: 'x'.repeat(20) })).rejects.toMatchObject({ code: 413 });
    await expect(stream(8, { data: 1n }).next()).rejects.toMatchObject({ code: 400 });
    await expect(emit({ data: 1n })).rejects.toMatchObject({ code: 400 });
    expect(link.sent).toEqual([]);
    expect(requester.pending).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('whose time is over rejects with 408 and sends nothing', async () => {
    const { link, send, emit } = asking();
    await expect(send(within(0))).rejects.toMatchObject({ code: 408 });
    await expect(emit(within(-1))).rejects.toMatchObject({ code: 408 });
    expect(link.sent).toEqual([]);
  });

  it('that the link could not send rejects with 503, or with what the link says', async () => {
    const { link, requester, send, stream } = asking();
    for (const [reason, code] of [
      [new Error('EPIPE'), 503],
      [undefined, 503],
      [new RpcException('x', { code: 413 }), 413],
    ] as const) {
      link.outcome = () => Promise.reject(reason);
      await expect(send()).rejects.toMatchObject({ name: 'RpcException', code });
      await expect(stream().next()).rejects.toMatchObject({ code });
    }
    expect(requester.pending).toBe(0);
    expect(link.take().filter((sent) => sent === 'cancel')).toEqual([]);
  });

  it('is settled once, whatever comes after its answer', async () => {
    const { link, requester, send } = asking();
    const refused = Promise.withResolvers<void>();
    link.outcome = ({ kind }) => (kind === 'request' ? refused.promise : undefined);
    const reply = send(within(100));
    requester.answer(answer('reply', 1, { body: '1' }));
    requester.answer(answer('reply', 1, { body: '2' }));
    requester.answer(failure(1, 500));
    refused.reject(new Error('late'));
    await vi.advanceTimersByTimeAsync(200);
    requester.failAll(() => new RpcException('x'));
    expect(await reply).toBe(1);
    expect(link.take()).toEqual(['request sum']);
  });
});

describe('giving up', () => {
  it('at the deadline: 408 that says how long it was, and a cancel', async () => {
    const { link, requester, send } = asking();
    const reply = errorOf(send(within(100)));
    await vi.advanceTimersByTimeAsync(100);
    expect(await reply).toMatchObject({
      code: 408,
      message: expect.stringContaining('100 ms') as string,
    });
    expect(link.take()).toEqual(['request sum', 'cancel']);
    expect(requester.pending).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('by the caller: 499, and a cancel to who may hold it', async () => {
    const { link, send } = asking();
    const signal = new Abortable();
    const reply = errorOf(send(givenUpBy(signal)));
    signal.abort('enough');
    signal.abort('again');
    expect(await reply).toMatchObject({ code: 499, cause: 'enough' });
    expect(link.sent.at(-1)).toEqual({ kind: 'cancel', id: 1, to: undefined, pattern: 'sum' });
    expect(link.take()).toEqual(['request sum', 'cancel']);
  });

  it('before it was sent: nothing is sent, not even a cancel', async () => {
    const { link, requester, send, stream, emit } = asking();
    const signal = new Abortable();
    signal.abort('enough');
    const call = { ...givenUpBy(signal), ...within(1000) };
    await expect(send(call)).rejects.toMatchObject({ code: 499 });
    await expect(stream(8, call).next()).rejects.toMatchObject({ code: 499 });
    expect(link.take()).toEqual([]);
    link.outcome = () => new Promise(() => undefined);
    await expect(emit(call)).rejects.toMatchObject({ code: 499 });
    expect(requester.pending).toBe(0);
    await vi.advanceTimersByTimeAsync(2000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('after the answer changes nothing, and nobody listens any more', async () => {
    const { link, requester, send } = asking();
    const undo = vi.fn<() => void>();
    const reply = send({ onAbort: () => undo });
    requester.answer(answer('reply', 1));
    await reply;
    expect(undo).toHaveBeenCalledOnce();
    expect(link.take()).toEqual(['request sum']);
  });

  it('when this side goes away: 502, and a cancel for each', async () => {
    const { link, requester, send, stream } = asking();
    const outcomes = Promise.allSettled([send(), stream().next()]);
    requester.cancelAll('closing');
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 502 } });
    expect(link.take()).toEqual(['request sum', 'request sum', 'cancel', 'cancel']);
    expect(requester.pending).toBe(0);
  });

  it('when the link is lost: 502 for all, and nothing is sent', async () => {
    const { link, requester, send, stream, emit } = asking();
    link.outcome = ({ kind }) => (kind === 'event' ? new Promise(() => undefined) : undefined);
    const outcomes = Promise.allSettled([send(within(1000)), stream().next(), emit(within(1000))]);
    link.take();
    requester.failAll((what) => new RpcException(`lost ${what}`, { code: 502 }));
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 502 } });
    expect(link.take()).toEqual([]);
    expect(requester.pending).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('defer', () => {
  it('moves the deadline, to later and to sooner', async () => {
    for (const milliseconds of [500, 50]) {
      const { requester, send } = asking();
      let settledAt = 0;
      const began = performance.now();
      const reply = send(within(100)).catch(() => {
        settledAt = performance.now() - began;
      });
      requester.answer(answer('defer', 1, { timeout: milliseconds }));
      await vi.advanceTimersByTimeAsync(1000);
      await reply;
      expect(Math.round(settledAt)).toBe(milliseconds);
    }
  });

  it('never beyond what the caller itself has inherited', async () => {
    const { requester, send } = asking();
    const reply = errorOf(send({ ...within(100), limit: performance.now() + 300 }));
    requester.answer(answer('defer', 1, { timeout: 60_000 }));
    await vi.advanceTimersByTimeAsync(300);
    expect(await reply).toMatchObject({ code: 408 });
  });

  it('0 to a caller that wants one reply changes nothing', async () => {
    const { requester, send } = asking();
    const reply = errorOf(send(within(100)));
    requester.answer(answer('defer', 1, { timeout: 0 }));
    await vi.advanceTimersByTimeAsync(100);
    expect(await reply).toMatchObject({ code: 408 });
  });
});

describe('a stream', () => {
  it('asks for as many replies as it can hold, and reads them all', async () => {
    const { link, requester, stream } = asking();
    const replies = stream(3);
    expect(link.lastRequest.credit).toBe(3);
    for (const body of ['1', '2']) requester.answer(answer('reply', 1, { body, last: false }));
    requester.answer(answer('complete', 1));
    expect(await readAll(replies)).toEqual([1, 2]);
    expect(requester.pending).toBe(0);
  });

  it('grants credit to the instance that answers, as it is read', async () => {
    const { link, requester, stream } = asking({ shared: false });
    const replies = stream(2);
    for (const seq of [0, 1]) requester.answer(answer('reply', 1, { body: '1', last: false, from: 'b', seq }));
    await replies.next();
    expect(link.sent.at(-1)).toEqual({ kind: 'credit', id: 1, to: 'b', pattern: 'sum', total: 3 });
  });

  it('has no deadline once it has begun, by defer or by a reply', async () => {
    for (const first of [answer('defer', 1), answer('reply', 1, { body: '1', last: false })]) {
      const { requester, stream } = asking();
      const replies = stream(8, within(100));
      requester.answer(first);
      await vi.advanceTimersByTimeAsync(60_000);
      requester.answer(answer('complete', 1));
      expect(await readAll(replies)).toHaveLength(first.kind === 'reply' ? 1 : 0);
    }
  });

  it('keeps the deadline that its caller has inherited', async () => {
    const { requester, stream, link } = asking();
    const replies = stream(8, { ...within(100), limit: performance.now() + 500 });
    requester.answer(answer('defer', 1));
    const failed = errorOf(replies.next());
    await vi.advanceTimersByTimeAsync(500);
    expect(await failed).toMatchObject({ code: 408 });
    expect(link.take()).toEqual(['request sum', 'cancel']);
  });

  it('that does not begin in time ends with 408 and a cancel', async () => {
    const { stream, link } = asking();
    const failed = errorOf(stream(8, within(100)).next());
    await vi.advanceTimersByTimeAsync(100);
    expect(await failed).toMatchObject({ code: 408 });
    expect(link.take()).toEqual(['request sum', 'cancel']);
  });

  it('is cancelled when its reader leaves, once, and not after its end', async () => {
    const { link, requester, stream } = asking();
    const left = stream();
    await left.return?.();
    await left.return?.();
    expect(link.take()).toEqual(['request sum', 'cancel']);
    const read = stream();
    requester.answer(answer('complete', 2));
    await read.return?.();
    expect(link.take()).toEqual(['request sum']);
    expect(requester.pending).toBe(0);
  });

  it('that sends more than it may is cancelled, and ends with 429 after what came before', async () => {
    const { link, requester, stream } = asking();
    const replies = stream(2);
    for (const body of ['1', '2', '3']) requester.answer(answer('reply', 1, { body, last: false }));
    expect(await replies.next()).toMatchObject({ value: 1 });
    expect(await replies.next()).toMatchObject({ value: 2 });
    await expect(replies.next()).rejects.toMatchObject({ code: 429 });
    expect(link.take()).toEqual(['request sum', 'cancel']);
  });

  it('with a reply that cannot be decoded is cancelled, and ends with 500', async () => {
    const { link, requester, stream } = asking();
    const replies = stream();
    requester.answer(answer('reply', 1, { body: '{', last: false }));
    await expect(replies.next()).rejects.toMatchObject({ code: 500 });
    expect(link.take()).toEqual(['request sum', 'cancel']);
  });
});

describe('where several may answer', () => {
  const fromTo = (from: string, own: object = {}) => answer('reply', 1, { body: `"${from}"`, from, ...own });

  it('a call is bound to the first that does; the others are told to stop', async () => {
    const { link, requester, stream } = asking({ shared: false });
    const replies = stream();
    requester.answer(fromTo('a', { last: false, seq: 0 }));
    requester.answer(fromTo('b', { last: false, seq: 0 }));
    requester.answer(answer('complete', 1, { from: 'b', seq: 1 }));
    requester.answer(fromTo('a', { last: true, seq: 1 }));
    expect(await readAll(replies)).toEqual(['a', 'a']);
    expect(link.sent.slice(1)).toEqual([{ kind: 'cancel', id: 1, to: 'b', pattern: '' }]);
  });

  it('a defer does not bind, since another may take the request over', async () => {
    const { requester, send } = asking({ shared: false });
    const reply = send();
    requester.answer(answer('defer', 1, { timeout: 100, from: 'a', seq: 0 }));
    requester.answer(fromTo('b', { seq: 0 }));
    expect(await reply).toBe('b');
  });

  it('a stream that has begun binds', async () => {
    const { requester, stream } = asking({ shared: false });
    const replies = stream();
    requester.answer(answer('defer', 1, { from: 'a', seq: 0 }));
    requester.answer(fromTo('b', { last: true, seq: 0 }));
    requester.answer(fromTo('a', { last: true, seq: 0 }));
    expect(await readAll(replies)).toEqual(['a']);
  });

  it('who answers a call that is over is told to stop, unless it is done', () => {
    const { link, requester } = asking({ shared: false });
    requester.answer(answer('reply', 9, { last: false, from: 'a' }));
    requester.answer(answer('defer', 9, { from: 'a' }));
    requester.answer(answer('reply', 9, { last: true, from: 'a' }));
    requester.answer(answer('complete', 9, { from: 'a' }));
    requester.answer(failure(9, 500));
    requester.answer(answer('reply', 9, { last: false }));
    expect(link.sent).toEqual([
      { kind: 'cancel', id: 9, to: 'a', pattern: '' },
      { kind: 'cancel', id: 9, to: 'a', pattern: '' },
    ]);
  });

  it('a cancel goes to the one that is bound', async () => {
    const { link, requester, stream } = asking({ shared: false });
    const replies = stream();
    requester.answer(fromTo('a', { last: false, seq: 0 }));
    await replies.return?.();
    expect(link.sent.at(-1)).toEqual({ kind: 'cancel', id: 1, to: 'a', pattern: 'sum' });
  });
});

describe('where the wire repeats and loses', () => {
  const reply = (seq: number) => answer('reply', 1, { body: String(seq), last: false, from: 'a', seq });

  it('doubles are dropped', async () => {
    const { requester, stream } = asking({ shared: false });
    const replies = stream(100);
    for (const seq of [0, 0, 1, 0, 1, 2, 2]) requester.answer(reply(seq));
    requester.answer(answer('complete', 1, { from: 'a', seq: 3 }));
    expect(await readAll(replies)).toEqual([0, 1, 2]);
  });

  it('a gap ends the stream with 502 and a cancel, after what came before', async () => {
    const { link, requester, stream } = asking({ shared: false });
    const replies = stream();
    for (const seq of [0, 2]) requester.answer(reply(seq));
    expect(await replies.next()).toMatchObject({ value: 0 });
    await expect(replies.next()).rejects.toMatchObject({
      code: 502,
      message: expect.stringContaining('1 are missing') as string,
    });
    expect(link.take()).toEqual(['request sum', 'cancel']);
  });

  it('a lost end is seen by the sign of life that follows it', async () => {
    const { requester, stream } = asking({ shared: false });
    const replies = stream();
    requester.answer(reply(0));
    requester.answer(answer('defer', 1, { from: 'a', seq: 2 }));
    expect(await replies.next()).toMatchObject({ value: 0 });
    await expect(replies.next()).rejects.toMatchObject({ code: 502 });
  });

  it('every reply is read in order, or the loss is told: never silently less', async () => {
    const wire = fc.array(
      fc.oneof({ weight: 8, arbitrary: fc.constant('keep') }, fc.constant('lose'), fc.constant('double')),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    await fc.assert(
      fc.asyncProperty(wire, async (fates) => {
        const { requester, stream } = asking({ shared: false });
        const replies = stream(100);
        const all = [...fates.keys()].map(reply);
        const end = answer('complete', 1, { from: 'a', seq: all.length });
        for (const [index, fate] of fates.entries()) {
          const times = { keep: 1, lose: 0, double: 2 }[fate as 'keep'];
          for (let time = 0; time < times; time += 1) requester.answer(all[index] as never);
        }
        requester.answer(end);
        const values: unknown[] = [];
        const outcome = await (async () => {
          for (let next = await replies.next(); next.done !== true; next = await replies.next())
            values.push(next.value);
        })().catch((error: unknown) => error);
        const lost = fates.indexOf('lose');
        expect(values).toEqual([...fates.keys()].slice(0, lost < 0 ? fates.length : lost));
        if (lost < 0) expect(outcome).toBeUndefined();
        else expect(outcome).toMatchObject({ code: 502 });
        expect(requester.pending).toBe(0);
      }),
    );
  });
});

describe('leases', () => {
  it('on a broker say that the reader is there, and end a stream that is silent', async () => {
    const { link, requester, stream } = asking({ shared: false });
    const replies = stream(4, within(100));
    requester.answer(answer('defer', 1, { from: 'a', seq: 0 }));
    link.take();
    for (let round = 0; round < 5; round += 1) {
      await vi.advanceTimersByTimeAsync(leaseInterval);
      expect(link.take()).toEqual(['credit 4']);
      requester.answer(answer('defer', 1, { from: 'a', seq: 0 }));
    }
    const failed = errorOf(replies.next());
    await vi.advanceTimersByTimeAsync(leaseInterval * 3);
    expect(await failed).toMatchObject({
      code: 502,
      message: expect.stringContaining('3000 ms') as string,
    });
    expect(link.take()).toEqual(['credit 4', 'credit 4', 'cancel']);
    await vi.advanceTimersByTimeAsync(leaseInterval);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('do not exist on a connection', async () => {
    const { link, requester, stream } = asking();
    const replies = stream();
    requester.answer(answer('defer', 1));
    await vi.advanceTimersByTimeAsync(leaseInterval * 10);
    requester.answer(answer('complete', 1));
    expect(await readAll(replies)).toEqual([]);
    expect(link.take()).toEqual(['request sum']);
  });
});

describe('an event', () => {
  it('is taken when the link says so', async () => {
    const { link, requester } = asking();
    await requester.emit(outgoing({ pattern: 'saved', data: 1, headers: { a: 'b' } }), 'key');
    expect(link.sent).toEqual([
      { kind: 'event', pattern: 'saved', headers: { a: 'b' }, contentType: undefined, body: '1', key: 'key' },
    ]);
    expect(requester.pending).toBe(0);
  });

  it('waits for its acknowledgement', async () => {
    const { link, requester, emit } = asking();
    const acknowledged = Promise.withResolvers<void>();
    link.outcome = () => acknowledged.promise;
    let settled = false;
    const emitted = emit(within(1000)).then(() => {
      settled = true;
    });
    await tick();
    expect([settled, requester.pending]).toEqual([false, 1]);
    acknowledged.resolve();
    await emitted;
    expect(requester.pending).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is not acknowledged is 502, unless the link knows better', async () => {
    const { link, emit } = asking();
    for (const [reason, code] of [
      [new Error('x'), 502],
      [undefined, 502],
      [new RpcException('x', { code: 503 }), 503],
    ] as const) {
      link.outcome = () => Promise.reject(reason);
      await expect(emit()).rejects.toMatchObject({ name: 'RpcException', code });
    }
  });

  it('ends with 408 at its deadline, and 499 when it is given up', async () => {
    const { link, requester, emit } = asking();
    link.outcome = () => new Promise(() => undefined);
    const signal = new Abortable();
    const outcomes = Promise.allSettled([emit(within(100)), emit(givenUpBy(signal))]);
    signal.abort('enough');
    await vi.advanceTimersByTimeAsync(100);
    expect(await outcomes).toMatchObject([{ reason: { code: 408 } }, { reason: { code: 499 } }]);
    expect(requester.pending).toBe(0);
  });
});

it('ids are told apart through thousands of calls at once, answered in any order', async () => {
  const { link, requester, send } = asking();
  const replies = Array.from({ length: 3000 }, (_, number) => send({ data: number }));
  const requests = link.requests.toSorted((a, b) => ((Number(a.id) * 7919) % 3001) - ((Number(b.id) * 7919) % 3001));
  for (const { id, body } of requests) requester.answer(answer('reply', Number(id), { body }));
  expect(await Promise.all(replies)).toEqual([...replies.keys()]);
  expect(requester.pending).toBe(0);
});
