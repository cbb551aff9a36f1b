import { setImmediate as tick } from 'node:timers/promises';
import { of, Subject } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { currentContext, type MessageContext } from '../src/context/index.ts';
import { RpcException } from '../src/errors/index.ts';
import type { HandlerFunction } from '../src/registry/index.ts';
import type { EndpointOptions } from '../src/seam/index.ts';
import { Answering } from './support/answering.ts';
import { FakeDelivery } from './support/fake-delivery.ts';
import { cancel, credit, FakeLink, request } from './support/fake-link.ts';
import { recordOf } from './support/records.ts';

const broker = () => new FakeLink({ shared: false });

const serve = (handle: HandlerFunction, options: EndpointOptions = {}, link = new FakeLink()) =>
  new Answering([recordOf('message', 'count', handle)], options, link);

const ask = (credit: number, overrides: object = {}) => request({ pattern: 'count', credit, ...overrides });

/** Counts until it is left, and notes that. */
function counter() {
  const left = vi.fn<() => void>();
  async function* count(): AsyncGenerator<number> {
    try {
      for (let number = 1; ; number += 1) yield number;
    } finally {
      left();
    }
  }
  return { handle: () => count(), left };
}

async function* upTo(count: number): AsyncGenerator<number> {
  for (let number = 1; number <= count; number += 1) yield number;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a handler that gives a stream', () => {
  it.each<[string, HandlerFunction]>([
    ['async generator', () => upTo(2)],
    ['promise of an async generator', async () => upTo(2)],
    ['Observable', () => of(1, 2)],
    ['promise of an Observable', async () => of(1, 2)],
  ])('as %s: answers defer at once, then each reply, then the end', async (_name, handle) => {
    const { responder, link, dispatcher } = serve(handle);
    responder.request(ask(10), undefined);
    await tick();
    expect(link.take()).toEqual(['defer 0', 'reply 1', 'reply 2', 'complete']);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('numbers its replies on a broker, from 0, the end included', async () => {
    const { responder, link } = serve(() => upTo(2), {}, broker());
    responder.request(ask(10), undefined);
    await tick();
    expect(link.sent.map((envelope) => [envelope.kind, (envelope as { seq?: number }).seq])).toEqual([
      ['defer', 0],
      ['reply', 0],
      ['reply', 1],
      ['complete', 2],
    ]);
  });

  it('sends as the caller allows, and counts as running until its end', async () => {
    const { handle, left } = counter();
    const { responder, link, dispatcher } = serve(handle);
    responder.request(ask(1), undefined);
    await tick();
    expect(link.take()).toEqual(['defer 0', 'reply 1']);
    responder.credit(credit(1, 3));
    responder.credit(credit(1, 2));
    await tick();
    expect(link.take()).toEqual(['reply 2', 'reply 3']);
    expect(dispatcher.workload.running).toBe(1);
    responder.cancel(cancel(1));
    await tick();
    expect(left).toHaveBeenCalledOnce();
    expect(link.take()).toEqual([]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('uses credit that came before it returned', async () => {
    const begin = Promise.withResolvers<void>();
    const { responder, link } = serve(async () => {
      await begin.promise;
      return upTo(5);
    });
    responder.request(ask(1), undefined);
    responder.credit(credit(1, 9));
    begin.resolve();
    await tick();
    expect(link.take()).toEqual(['defer 0', 'reply 1', 'reply 2', 'reply 3', 'reply 4', 'reply 5', 'complete']);
  });

  it('to a caller that wants but the last reply sends that one, and keeps its deadline', async () => {
    const { responder, link } = serve(() => upTo(100));
    responder.request(ask(0), undefined);
    await tick();
    await tick();
    expect(link.take()).toEqual(['last reply 100']);
  });

  it('that fails says so, after what came before, and it is logged', async () => {
    const { responder, link, logger } = serve(async function* () {
      yield 1;
      throw new Error('broken');
    });
    responder.request(ask(10), undefined);
    await tick();
    expect(link.take()).toEqual(['defer 0', 'reply 1', 'error 500']);
    expect(logger.errors).toHaveLength(1);
  });

  it('that yields what cannot be sent ends with 500, and is left', async () => {
    const subject = new Subject<unknown>();
    const { responder, link, dispatcher } = serve(() => subject);
    responder.request(ask(10), undefined);
    subject.next(1n);
    await tick();
    expect(link.take()).toEqual(['defer 0', 'error 500']);
    expect(subject.observed).toBe(false);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('as an Observable that is too far ahead ends with 429', async () => {
    const subject = new Subject<number>();
    const { responder, link } = serve(() => subject, { maxBacklog: 2 });
    responder.request(ask(1), undefined);
    await tick();
    for (let number = 1; number <= 4; number += 1) subject.next(number);
    responder.credit(credit(1, 10));
    await tick();
    expect(link.take()).toEqual(['defer 0', 'reply 1', 'error 429']);
  });

  it('waits while the way out is full', async () => {
    const { responder, link } = serve(() => upTo(3));
    const full = Promise.withResolvers<void>();
    link.outcome = ({ kind }) => (kind === 'reply' ? full.promise : undefined);
    responder.request(ask(10), undefined);
    await tick();
    expect(link.take()).toEqual(['defer 0', 'reply 1']);
    full.reject(new Error('lost'));
    await tick();
    expect(link.take()).toEqual(['reply 2', 'reply 3', 'complete']);
  });

  it('runs its body, and its finally, in the context of the message', async () => {
    const contexts: (MessageContext | undefined)[] = [];
    const { responder } = serve(async function* () {
      try {
        contexts.push(currentContext());
        yield 1;
        await tick();
        contexts.push(currentContext());
        yield 2;
      } finally {
        contexts.push(currentContext());
      }
    });
    responder.request(ask(10), undefined);
    await tick();
    await tick();
    expect(contexts).toHaveLength(3);
    for (const context of contexts) expect(context?.pattern).toBe('count');
  });

  it('goes on beyond the deadline of the request', async () => {
    vi.useFakeTimers();
    const { responder, link } = serve(() => counter().handle());
    responder.request(ask(1, { timeout: 100 }), undefined);
    await vi.advanceTimersByTimeAsync(60_000);
    responder.credit(credit(1, 2));
    await vi.advanceTimersByTimeAsync(0);
    expect(link.take()).toEqual(['defer 0', 'reply 1', 'reply 2']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not when it comes too late: the source is left', async () => {
    vi.useFakeTimers();
    const { handle, left } = counter();
    const begin = Promise.withResolvers<void>();
    const { responder, link, dispatcher } = serve(async () => {
      await begin.promise;
      const stream = handle();
      await stream.next();
      return stream;
    });
    responder.request(ask(1, { timeout: 100 }), undefined);
    await vi.advanceTimersByTimeAsync(100);
    begin.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(left).toHaveBeenCalledOnce();
    expect(link.take()).toEqual([]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('has no deadline to move', () => {
    const contexts: MessageContext[] = [];
    const { responder, link } = serve((_data, context) => {
      contexts.push(context);
      return counter().handle();
    });
    responder.request(ask(1), undefined);
    link.take();
    contexts[0]?.deferResponse(10);
    expect(link.take()).toEqual([]);
  });
});

describe('a stream of a request that a broker keeps', () => {
  it('is settled when it begins: nobody else can go on with it', () => {
    const { responder } = serve(() => counter().handle(), {}, broker());
    const delivery = new FakeDelivery();
    responder.request(ask(1), delivery);
    expect(delivery.settled).toEqual(['done']);
    responder.cancel(cancel(1));
    expect(delivery.settled).toEqual(['done']);
  });

  it('is settled with its last reply when only that is wanted', async () => {
    const subject = new Subject<number>();
    const { responder } = serve(() => subject, {}, broker());
    const delivery = new FakeDelivery();
    responder.request(ask(0), delivery);
    subject.next(1);
    await tick();
    expect(delivery.settled).toEqual([]);
    subject.complete();
    await tick();
    expect(delivery.settled).toEqual(['done']);
  });
});

describe('leases', () => {
  const leaseInterval = 1000;

  it('are held on a broker: signs of life go out, and while some come in the stream goes on', async () => {
    vi.useFakeTimers();
    const { handle, left } = counter();
    const { responder, link } = serve(handle, { leaseInterval }, broker());
    responder.request(ask(1), undefined);
    await vi.advanceTimersByTimeAsync(0);
    link.take();
    for (let round = 0; round < 10; round += 1) {
      await vi.advanceTimersByTimeAsync(leaseInterval);
      expect(link.take()).toEqual(['defer 0']);
      responder.credit(credit(1, 1));
    }
    expect(left).not.toHaveBeenCalled();
  });

  it('end a stream whose caller has missed three', async () => {
    vi.useFakeTimers();
    const { handle, left } = counter();
    const contexts: MessageContext[] = [];
    const { responder, link, dispatcher } = serve(
      (_data, context) => {
        contexts.push(context);
        return handle();
      },
      { leaseInterval },
      broker(),
    );
    responder.request(ask(1), undefined);
    await vi.advanceTimersByTimeAsync(leaseInterval * 3);
    expect(left).toHaveBeenCalledOnce();
    expect(contexts[0]?.signal.reason).toMatchObject({ code: 502 });
    expect(dispatcher.workload.running).toBe(0);
    link.take();
    await vi.advanceTimersByTimeAsync(leaseInterval * 3);
    expect(link.take()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('do not exist on a connection', async () => {
    vi.useFakeTimers();
    const { responder, link } = serve(counter().handle, { leaseInterval });
    responder.request(ask(1), undefined);
    await vi.advanceTimersByTimeAsync(leaseInterval * 10);
    expect(link.take()).toEqual(['defer 0', 'reply 1']);
  });
});

describe('when the link goes', () => {
  it.each([true, false])('streams are left and their signals abort (shared: %s)', async (shared) => {
    const { handle, left } = counter();
    const contexts: MessageContext[] = [];
    const { responder, dispatcher } = serve(
      (_data, context) => {
        contexts.push(context);
        return handle();
      },
      {},
      new FakeLink({ shared }),
    );
    responder.request(ask(1), undefined);
    await tick();
    responder.detach(new RpcException('gone', { code: 502 }));
    await tick();
    expect(left).toHaveBeenCalledOnce();
    expect(contexts[0]?.signal.reason).toMatchObject({ code: 502 });
    expect(dispatcher.workload.running).toBe(0);
  });
});

it('a service that has no time left ends its streams with 502', async () => {
  const { handle, left } = counter();
  const { responder, link, dispatcher } = serve(handle);
  responder.request(ask(1), undefined);
  await tick();
  link.take();
  await dispatcher.finish(0);
  expect(link.take()).toEqual(['error 502']);
  await tick();
  expect(left).toHaveBeenCalledOnce();
});
