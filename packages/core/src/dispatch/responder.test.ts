import { setImmediate as tick } from 'node:timers/promises';
import { Subject } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Answering } from '../../test/support/answering.ts';
import { FakeDelivery } from '../../test/support/fake-delivery.ts';
import { cancel, credit, FakeLink, request } from '../../test/support/fake-link.ts';
import { recordOf } from '../../test/support/records.ts';
import { currentContext, type MessageContext } from '../context/index.ts';
import { RpcException } from '../errors/index.ts';
import { message } from '../patterns/index.ts';
import type { HandlerFunction } from '../registry/index.ts';
import type { EndpointOptions } from '../seam/index.ts';

const broker = () => new FakeLink({ shared: false });

/** Serves `sum` with the handler. */
const serve = (handle: HandlerFunction, options: EndpointOptions = {}, link = new FakeLink()) =>
  new Answering([recordOf('message', 'sum', handle)], options, link);

/** A handler that the test lets go on when it wants. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const contexts: MessageContext[] = [];
  const handle: HandlerFunction = (_data, context) => {
    contexts.push(context);
    return promise;
  };
  return { handle, contexts, resolve, reject };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a request is answered', () => {
  it.each<[string, HandlerFunction, string]>([
    ['with what the handler returns', (data) => data, 'last reply {"a":1}'],
    ['with what it resolves with', async (data) => data, 'last reply {"a":1}'],
    // oxlint-disable-next-line unicorn/no-thenable -- it is what the test is about
    ['with what its thenable gives', () => ({ then: (ok: (value: number) => void) => ok(7) }), 'last reply 7'],
    ['with null', () => null, 'last reply null'],
    ['without a body for undefined', () => undefined, 'last reply undefined'],
    ['with a Map as JSON has it', () => new Map(), 'last reply {}'],
    [
      'with the error that it throws',
      () => {
        throw new RpcException('no', { code: 403 });
      },
      'error 403',
    ],
    [
      'with the error that it rejects with',
      async () => {
        throw new RpcException('no', { code: 409 });
      },
      'error 409',
    ],
    [
      'with 500 for any other error',
      () => {
        throw new Error('secret');
      },
      'error 500',
    ],
    ['with 500 for what is no error', () => Promise.reject(), 'error 500'],
    ['with 500 for a reply that cannot be sent', () => 1n, 'error 500'],
    ['with 500 for a reply that cannot be looked at', () => revokedProxy(), 'error 500'],
    [
      'with 500 for one that comes later',
      async () => Object.defineProperty({}, 'subscribe', { get: thrower }),
      'error 500',
    ],
    // oxlint-disable-next-line unicorn/no-thenable -- it is what the test is about
    ['with 500 when then throws', () => Object.defineProperty({}, 'then', { get: thrower }), 'error 500'],
    ['with 500 for a stream that cannot be begun', () => ({ [Symbol.asyncIterator]: thrower }), 'error 500'],
  ])('%s', async (_name, handle, answer) => {
    const { responder, link, dispatcher } = serve(handle);
    responder.request(request({ body: '{"a":1}' }), undefined);
    await tick();
    expect(link.take()).toEqual([answer]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('at once when the handler is not asynchronous', () => {
    const { responder, link } = serve(() => 1);
    responder.request(request(), undefined);
    expect(link.take()).toEqual(['last reply 1']);
  });

  it('with binary as it is', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const { responder, link } = serve((data) => data);
    responder.request(request({ body: bytes, contentType: 'application/octet-stream' }), undefined);
    expect(link.sent).toMatchObject([{ kind: 'reply', body: bytes, contentType: 'application/octet-stream' }]);
  });

  it('with 400 when it cannot be decoded, and the handler does not run', () => {
    const handle = vi.fn<HandlerFunction>();
    const { responder, link, logger } = serve(handle);
    responder.request(request({ body: '{' }), undefined);
    expect(link.take()).toEqual(['error 400']);
    expect(handle).not.toHaveBeenCalled();
    expect(logger.errors).toEqual([]);
  });

  it('with 413 when the reply is too large', () => {
    const { responder, link } = serve(() => 'x'.repeat(100), {}, new FakeLink({ maxBody: 100 }));
    responder.request(request(), undefined);
    expect(link.take()).toEqual(['error 413']);
  });

  it('once, whatever a thenable does', async () => {
    const greedy = {
      // oxlint-disable-next-line unicorn/no-thenable -- it is what the test is about
      then(ok: (value: number) => void, fail: (error: Error) => void) {
        ok(1);
        ok(2);
        fail(new Error('x'));
        throw new Error('y');
      },
    };
    const { responder, link, dispatcher } = serve(() => greedy);
    responder.request(request(), undefined);
    await tick();
    expect(link.take()).toEqual(['last reply 1']);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('numbered on a broker, and not on a connection', () => {
    for (const [link, seq] of [
      [broker(), 0],
      [new FakeLink(), undefined],
    ] as const) {
      const { responder } = serve(() => 1, {}, link);
      responder.request(request(), undefined);
      expect(link.sent).toMatchObject([{ kind: 'reply', seq }]);
    }
  });

  it('although the link says that its way out is full, or fails', async () => {
    const { responder, link, logger } = serve(async () => 1);
    link.outcome = () => Promise.reject(new Error('gone'));
    responder.request(request(), undefined);
    await tick();
    expect(logger.lines).toEqual([]);
  });
});

describe('an error', () => {
  const errorBodyOf = (link: FakeLink) => JSON.parse((link.sent[0] as { body: string }).body) as unknown;

  it('that is the handler’s own is logged in full, and does not leak', () => {
    const error = new Error('the password is 1234');
    const { responder, link, logger } = serve(() => {
      throw error;
    });
    responder.request(request(), undefined);
    expect(errorBodyOf(link)).toEqual({ error: 'Internal error', code: 500 });
    expect(logger.lines).toMatchObject([{ level: 'error', detail: error }]);
    expect(logger.errors[0]).toContain('"sum"');
  });

  it('that is meant for the caller reaches it whole, and is not logged', () => {
    const { responder, link, logger } = serve(() => {
      throw new RpcException('taken', { code: 409, details: { by: 'Ada' }, metadata: { retry: false } });
    });
    responder.request(request(), undefined);
    expect(errorBodyOf(link)).toEqual({
      error: 'taken',
      code: 409,
      details: { by: 'Ada' },
      metadata: { retry: false },
    });
    expect(logger.lines).toEqual([]);
  });

  it('that fits is sent as it is, and one that does not says so, with its code', () => {
    const link = new FakeLink({ maxBody: 200 });
    const { responder } = serve(
      (size) => {
        throw new RpcException('x'.repeat(size as number), { code: 409 });
      },
      {},
      link,
    );
    responder.request(request({ body: '150' }), undefined);
    expect(errorBodyOf(link)).toMatchObject({ error: 'x'.repeat(150), code: 409 });
    link.take();
    responder.request(request({ body: '250' }), undefined);
    expect(errorBodyOf(link)).toMatchObject({ error: expect.stringContaining('too large') as string, code: 409 });
  });
});

describe('the handler', () => {
  it('gets the payload and a context of the link’s class', () => {
    const { handle, contexts } = held();
    const { responder } = serve(handle);
    const headers = { tenant: 'a' };
    responder.request(request({ id: 'inbox/7', headers, timeout: 5000 }), undefined);
    expect(contexts[0]).toMatchObject({
      pattern: 'sum',
      correlationId: 'inbox/7',
      headers,
      isEvent: false,
      attempt: 1,
      transport: 'test',
    });
    expect(contexts[0]?.deadline).toBeGreaterThan(Date.now() + 4000);
    expect(contexts[0]?.signal.aborted).toBe(false);
  });

  it('has empty headers when the caller gave none, and no deadline when it set none', () => {
    const { handle, contexts } = held();
    serve(handle).responder.request(request(), undefined);
    expect(contexts[0]?.headers).toEqual({});
    expect(contexts[0]?.deadline).toBeUndefined();
  });

  it('is the current context while it runs', async () => {
    const seen: unknown[] = [];
    const { responder } = serve(async (_data, context) => {
      seen.push(currentContext() === context);
      await tick();
      seen.push(currentContext() === context);
    });
    responder.request(request(), undefined);
    expect(currentContext()).toBeUndefined();
    await tick();
    await tick();
    expect(seen).toEqual([true, true]);
  });
});

describe('a request is refused', () => {
  it('with 404 when nobody serves it', () => {
    const { responder, link } = new Answering([recordOf('event', 'sum'), recordOf('event', '*')]);
    responder.request(request(), undefined);
    expect(link.take()).toEqual(['error 404']);
  });

  it('with 503 when the service drains, also on a broker', () => {
    for (const link of [new FakeLink(), broker()]) {
      const { responder, dispatcher } = serve(() => 1, {}, link);
      dispatcher.drain();
      responder.request(request(), undefined);
      expect(link.take()).toEqual(['error 503']);
    }
  });

  it('with 429 when too many handlers run', async () => {
    const { handle, resolve } = held();
    const { responder, link } = serve(handle, { concurrency: 2 });
    for (const id of [1, 2, 3]) responder.request(request({ id }), undefined);
    expect(link.take()).toEqual(['error 429']);
    resolve(0);
    await tick();
    link.take();
    responder.request(request({ id: 4 }), undefined);
    expect(link.take()).toEqual([]);
  });

  it('with 429 when too many of one link run, those of cancelled calls included', () => {
    const { handle } = held();
    const { responder, link } = serve(handle, { maxInFlight: 2 });
    for (const id of [1, 2]) responder.request(request({ id }), undefined);
    responder.cancel(cancel(1));
    responder.request(request({ id: 3 }), undefined);
    expect(link.take()).toEqual(['error 429']);
  });

  it('by silence when it expired on its way', () => {
    const handle = vi.fn<HandlerFunction>();
    const { responder, link } = serve(handle);
    const delivery = new FakeDelivery();
    responder.request(request({ timeout: -1 }), delivery);
    expect(handle).not.toHaveBeenCalled();
    expect(link.take()).toEqual([]);
    expect(delivery.settled).toEqual(['done']);
  });
});

describe('a cancel', () => {
  it('aborts the handler with 499, and nothing is answered any more', async () => {
    const { handle, contexts, resolve } = held();
    const { responder, link, dispatcher } = serve(handle);
    responder.request(request(), undefined);
    responder.cancel(cancel(1));
    expect(contexts[0]?.signal.reason).toMatchObject({ code: 499 });
    expect(dispatcher.workload.running).toBe(1);
    resolve('late');
    await tick();
    expect(link.take()).toEqual([]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('makes what the handler then throws no news', async () => {
    const { handle, reject } = held();
    const { responder, logger } = serve(handle);
    responder.request(request(), undefined);
    responder.cancel(cancel(1));
    reject(new Error('aborted'));
    await tick();
    expect(logger.lines).toEqual([]);
  });

  it('that overtakes its request is remembered on a broker', () => {
    const handle = vi.fn<HandlerFunction>();
    const { responder, link } = serve(handle, {}, broker());
    const delivery = new FakeDelivery();
    responder.cancel(cancel('a'));
    responder.request(request({ id: 'a' }), delivery);
    expect(handle).not.toHaveBeenCalled();
    expect(link.take()).toEqual([]);
    expect(delivery.settled).toEqual(['done']);
  });

  it('of nobody is forgotten on a connection, whose ids come again', () => {
    const { responder, link } = serve(() => 1);
    responder.cancel(cancel(1));
    responder.request(request(), undefined);
    expect(link.take()).toEqual(['last reply 1']);
  });

  it('after the answer changes nothing', () => {
    const { responder, link } = serve(() => 1);
    responder.request(request(), undefined);
    responder.cancel(cancel(1));
    responder.credit(credit(1, 5));
    expect(link.take()).toEqual(['last reply 1']);
  });
});

describe('the deadline', () => {
  it('aborts the handler with 408; the caller knows by itself', async () => {
    vi.useFakeTimers();
    const { handle, contexts } = held();
    const { responder, link } = serve(handle);
    responder.request(request({ timeout: 100 }), undefined);
    await vi.advanceTimersByTimeAsync(99);
    expect(contexts[0]?.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(contexts[0]?.signal.reason).toMatchObject({ code: 408 });
    expect(link.take()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is moved by deferResponse, which tells the caller', async () => {
    vi.useFakeTimers();
    const { handle, contexts } = held();
    const { responder, link } = serve(handle);
    responder.request(request({ timeout: 100 }), undefined);
    contexts[0]?.deferResponse(1000);
    expect(link.take()).toEqual(['defer 1000']);
    await vi.advanceTimersByTimeAsync(999);
    expect(contexts[0]?.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(contexts[0]?.signal.aborted).toBe(true);
  });

  it('may be moved to sooner', async () => {
    vi.useFakeTimers();
    const { handle, contexts } = held();
    const { responder } = serve(handle);
    responder.request(request({ timeout: 10_000 }), undefined);
    contexts[0]?.deferResponse(50);
    await vi.advanceTimersByTimeAsync(50);
    expect(contexts[0]?.signal.aborted).toBe(true);
  });

  it('cannot be moved after the answer', async () => {
    const { handle, contexts, resolve } = held();
    const { responder, link } = serve(handle);
    responder.request(request({ timeout: 1000 }), undefined);
    resolve(1);
    await tick();
    link.take();
    contexts[0]?.deferResponse(500);
    expect(link.take()).toEqual([]);
  });

  it('leaves no timer when the link goes', () => {
    vi.useFakeTimers();
    const { responder } = serve(held().handle);
    responder.request(request({ timeout: 10_000 }), undefined);
    responder.detach(new RpcException('gone', { code: 502 }));
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a request that a broker keeps', () => {
  it('is settled once, with its answer, not before', async () => {
    for (const end of ['resolve', 'reject'] as const) {
      const handler = held();
      const { responder } = serve(handler.handle, {}, broker());
      const delivery = new FakeDelivery();
      responder.request(request(), delivery);
      await tick();
      expect(delivery.settled).toEqual([]);
      handler[end](new RpcException('x'));
      await tick();
      expect(delivery.settled).toEqual(['done']);
    }
  });

  it('is settled once when it is cancelled', async () => {
    const { handle, resolve } = held();
    const { responder } = serve(handle, {}, broker());
    const delivery = new FakeDelivery();
    responder.request(request(), delivery);
    responder.cancel(cancel(1));
    resolve(1);
    await tick();
    expect(delivery.settled).toEqual(['done']);
  });

  it('is settled when nobody serves it', () => {
    const { responder, link } = new Answering([], {}, broker());
    const delivery = new FakeDelivery();
    responder.request(request(), delivery);
    expect(link.take()).toEqual(['error 404']);
    expect(delivery.settled).toEqual(['done']);
  });

  it('that comes twice is handled once, and both deliveries are settled with the answer', async () => {
    const { handle, contexts, resolve } = held();
    const { responder, link } = serve(handle, {}, broker());
    const deliveries = [new FakeDelivery(), new FakeDelivery({ attempt: 2 })];
    for (const delivery of deliveries) responder.request(request(), delivery);
    resolve(1);
    await tick();
    expect(contexts).toHaveLength(1);
    expect(link.take()).toEqual(['last reply 1']);
    for (const { settled } of deliveries) expect(settled).toEqual(['done']);
  });

  it('that comes again when its stream has begun is settled at once', () => {
    const { responder } = serve(() => new Subject(), {}, broker());
    const deliveries = [new FakeDelivery(), new FakeDelivery({ attempt: 2 })];
    for (const delivery of deliveries) responder.request(request({ credit: 1 }), delivery);
    for (const { settled } of deliveries) expect(settled).toEqual(['done']);
  });

  it('is taken even when there is no room: the transport has asked for it', () => {
    const { handle, contexts } = held();
    const { responder, link } = serve(handle, { concurrency: 1, maxInFlight: 1 }, broker());
    for (const id of [1, 2]) responder.request(request({ id }), new FakeDelivery());
    expect(contexts).toHaveLength(2);
    expect(link.take()).toEqual([]);
  });

  it('stays with the broker while the service drains', () => {
    const handle = vi.fn<HandlerFunction>();
    const { responder, link, dispatcher } = serve(handle, {}, broker());
    const delivery = new FakeDelivery();
    dispatcher.drain();
    responder.request(request(), delivery);
    expect(handle).not.toHaveBeenCalled();
    expect(delivery.settled).toEqual([]);
    expect(link.take()).toEqual([]);
  });

  it('stays with the broker when the link goes while it is handled', async () => {
    const { handle, contexts, resolve } = held();
    const { responder, link } = serve(handle, {}, broker());
    const delivery = new FakeDelivery();
    responder.request(request(), delivery);
    responder.detach(new RpcException('gone', { code: 502 }));
    expect(contexts[0]?.signal.aborted).toBe(true);
    resolve(1);
    await tick();
    expect(delivery.settled).toEqual([]);
    expect(link.take()).toEqual([]);
  });

  it('tells the handler which attempt it is', () => {
    const { handle, contexts } = held();
    const { responder } = serve(handle, {}, broker());
    responder.request(request({ id: 1 }), new FakeDelivery({ attempt: 3 }));
    responder.request(request({ id: 2 }), new FakeDelivery());
    expect(contexts.map(({ attempt }) => attempt)).toEqual([3, 1]);
  });

  it('goes to the dead letters unhandled when it has taken too many instances down', async () => {
    const handle = vi.fn<HandlerFunction>();
    const { responder, link } = serve(handle, { maxDeliveries: 2 }, broker());
    const [second, third] = [new FakeDelivery({ attempt: 2 }), new FakeDelivery({ attempt: 3 })];
    responder.request(request({ id: 1 }), second);
    expect(handle).toHaveBeenCalledOnce();
    link.take();
    responder.request(request({ id: 2 }), third);
    await tick();
    expect(handle).toHaveBeenCalledOnce();
    expect(link.take()).toEqual(['error 500']);
    expect(third.settled).toEqual(['dead']);
    expect(third.reasons).toMatchObject([
      { attempts: 2, error: { code: 500, error: expect.stringContaining('2 deliveries') as string } },
    ]);
  });
});

describe('a request that must not be handled twice', () => {
  const target = message('sum', { idempotent: false });
  const serveOnce = (handle: HandlerFunction) => new Answering([recordOf('message', target, handle)], {}, broker());

  /** A delivery that the broker confirms, or not, when the test says so. */
  function pending() {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const delivery = new FakeDelivery({ attempt: 2 });
    delivery.confirmation = promise;
    return { delivery, confirm: resolve };
  }

  it('is settled before its handler runs, and only then', async () => {
    const { delivery, confirm } = pending();
    const handle = vi.fn<HandlerFunction>(async (_data, { attempt }) => attempt);
    const { responder, link, dispatcher } = serveOnce(handle);
    responder.request(request(), delivery);
    await tick();
    expect(handle).not.toHaveBeenCalled();
    expect(delivery.settled).toEqual(['done first']);
    expect(dispatcher.workload.running).toBe(1);
    confirm(true);
    await tick();
    expect(link.take()).toEqual(['last reply 2']);
    expect(delivery.settled).toEqual(['done first']);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('has one try, and its error is its answer', async () => {
    const { responder, link } = serveOnce(async () => {
      throw new RpcException('no', { code: 409 });
    });
    const delivery = new FakeDelivery();
    responder.request(request(), delivery);
    await tick();
    expect(link.take()).toEqual(['error 409']);
    expect(delivery.settled).toEqual(['done first']);
  });

  it('is neither handled nor answered when the broker has not confirmed it, and is taken when it comes again', async () => {
    const { delivery, confirm } = pending();
    const handle = vi.fn<HandlerFunction>(() => 1);
    const { responder, link, logger, dispatcher } = serveOnce(handle);
    responder.request(request(), delivery);
    const double = new FakeDelivery();
    responder.request(request(), double);
    confirm(false);
    await tick();
    expect(handle).not.toHaveBeenCalled();
    expect(link.take()).toEqual([]);
    expect(logger.warnings).toEqual([expect.stringContaining('"sum" that must not be handled twice was left')]);
    expect(dispatcher.workload.running).toBe(0);
    expect(double.settled).toEqual(['done']);
    responder.request(request(), new FakeDelivery());
    await tick();
    expect(link.take()).toEqual(['last reply 1']);
  });

  it.each<[string, (answering: Answering) => unknown]>([
    ['its caller cancels', ({ responder }) => responder.cancel(cancel(request().id))],
    ['the link is gone', ({ responder }) => responder.detach(new RpcException('gone', { code: 502 }))],
    ['the service has no time left', ({ dispatcher }) => dispatcher.finish(0)],
  ])('is not handled when %s before the broker has confirmed it', async (_, happen) => {
    const { delivery, confirm } = pending();
    const handle = vi.fn<HandlerFunction>();
    const answering = serveOnce(handle);
    answering.responder.request(request(), delivery);
    await happen(answering);
    confirm(true);
    await tick();
    expect(handle).not.toHaveBeenCalled();
    expect(answering.logger.warnings.filter((text) => text.includes('was left'))).toEqual([]);
    expect(answering.dispatcher.workload.running).toBe(0);
  });

  it('is not handled when its deadline passes before the broker has confirmed it', async () => {
    vi.useFakeTimers();
    const { delivery, confirm } = pending();
    const handle = vi.fn<HandlerFunction>();
    const { responder, dispatcher } = serveOnce(handle);
    responder.request(request({ timeout: 100 }), delivery);
    await vi.advanceTimersByTimeAsync(200);
    confirm(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(handle).not.toHaveBeenCalled();
    expect(dispatcher.workload.running).toBe(0);
  });
});

describe('a request with the id of one that runs', () => {
  it('is dropped and logged, on a wire that keeps nothing', () => {
    const { handle, contexts } = held();
    const { responder, logger } = serve(handle);
    for (let time = 0; time < 3; time += 1) responder.request(request(), undefined);
    expect(contexts).toHaveLength(1);
    expect(logger.warnings).toHaveLength(1);
  });
});

describe('when the service has no time left', () => {
  it('calls that are lost with it get 502, and what the broker keeps stays there', async () => {
    const handlers = [held(), held()];
    let next = 0;
    const { responder, link, dispatcher } = serve(
      (data, context) => handlers[next++]?.handle(data, context),
      {},
      broker(),
    );
    const delivery = new FakeDelivery();
    responder.request(request({ id: 1 }), undefined);
    responder.request(request({ id: 2 }), delivery);
    await dispatcher.finish(0);
    expect(link.take()).toEqual(['error 502']);
    for (const { contexts } of handlers) expect(contexts[0]?.signal.reason).toMatchObject({ code: 499 });
    for (const { resolve } of handlers) resolve(1);
    await tick();
    expect(link.take()).toEqual([]);
    expect(delivery.settled).toEqual([]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('handlers that finish in time are answered', async () => {
    const { handle, resolve } = held();
    const { responder, link, dispatcher } = serve(handle);
    responder.request(request(), undefined);
    const finished = dispatcher.finish(60_000);
    resolve(1);
    await finished;
    expect(link.take()).toEqual(['last reply 1']);
  });
});

function thrower(): never {
  throw new Error('hostile');
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
