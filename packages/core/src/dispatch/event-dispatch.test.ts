import { setImmediate as tick } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Answering } from '../../test/support/answering.ts';
import { FakeDelivery } from '../../test/support/fake-delivery.ts';
import { eventOf, FakeLink } from '../../test/support/fake-link.ts';
import { recordOf } from '../../test/support/records.ts';
import type { MessageContext } from '../context/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import { event } from '../patterns/index.ts';
import type { EventHandlerOptions, HandlerFunction, HandlerRecord } from '../registry/index.ts';
import type { EndpointOptions } from '../seam/index.ts';

const retry = { attempts: 3, backoff: { initial: 1000, max: 60_000 } };

const listen = (records: readonly HandlerRecord[], options: EndpointOptions = {}) =>
  new Answering(records, { retry, ...options }, new FakeLink({ shared: false }));

const on = (handle: HandlerFunction, options: EventHandlerOptions = {}) => recordOf('event', 'saved', handle, options);

/** Lets pending promises go on, without a moment passing. */
const settle = () => vi.advanceTimersByTimeAsync(0);

const failing = (times = Number.POSITIVE_INFINITY, error: unknown = new Error('broken')) => {
  let calls = 0;
  return vi.fn<HandlerFunction>(async () => {
    calls += 1;
    if (calls <= times) throw error;
  });
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an event without a delivery', () => {
  it('goes to all its handlers, side by side; one that fails stops no other, and is logged', async () => {
    const [good, bad, wild] = [vi.fn<HandlerFunction>(), failing(), vi.fn<HandlerFunction>()];
    const { responder, logger, dispatcher, link } = listen([on(bad), on(good), recordOf('event', 's*', wild)]);
    responder.event(eventOf('saved', { id: 1 }), undefined);
    expect(dispatcher.workload.running).toBe(1);
    await settle();
    expect(good).toHaveBeenCalledExactlyOnceWith(
      { id: 1 },
      expect.objectContaining({ pattern: 'saved', isEvent: true }),
    );
    expect(bad).toHaveBeenCalledOnce();
    expect(wild).toHaveBeenCalledOnce();
    expect(logger.errors).toEqual([expect.stringContaining('"saved" failed')]);
    expect(link.take()).toEqual([]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('is through at once when its handlers are', () => {
    const { responder, dispatcher, logger } = listen([
      on(() => 'done'),
      on(() => {
        throw new Error('x');
      }),
      on(() => undefined),
    ]);
    responder.event(eventOf('saved'), undefined);
    expect(dispatcher.workload.running).toBe(0);
    expect(logger.errors).toHaveLength(1);
  });

  it('whose handler gives what cannot be looked at harms nobody', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const [later, next] = [
      on(async () => ({
        get subscribe() {
          throw new Error('x');
        },
      })),
      vi.fn<HandlerFunction>(),
    ];
    const { responder, dispatcher, logger } = listen([on(() => proxy), later, on(next)]);
    responder.event(eventOf('saved'), undefined);
    await settle();
    expect(next).toHaveBeenCalledOnce();
    expect(logger.errors).toHaveLength(2);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('is not tried again', async () => {
    const handle = failing();
    listen([on(handle)]).responder.event(eventOf('saved'), undefined);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(handle).toHaveBeenCalledOnce();
  });

  it('that nobody listens to is nothing', () => {
    const { responder, logger, dispatcher } = listen([recordOf('message', 'saved')]);
    responder.event(eventOf('saved'), undefined);
    expect(logger.lines).toEqual([]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('is dropped, which is logged once, when too many handlers run', async () => {
    const handle = vi.fn<HandlerFunction>(() => new Promise(() => undefined));
    const { responder, logger } = listen([on(handle)], { concurrency: 2 });
    for (let count = 0; count < 10; count += 1) responder.event(eventOf('saved'), undefined);
    expect(handle).toHaveBeenCalledTimes(2);
    expect(logger.warnings).toEqual([expect.stringContaining('"concurrency"')]);
  });

  it('is dropped, which is logged, when the service has told its peers that it goes away', () => {
    const handle = vi.fn<HandlerFunction>();
    const { responder, logger, dispatcher } = listen([on(handle)]);
    dispatcher.drain();
    responder.event(eventOf('saved'), undefined);
    expect(handle).not.toHaveBeenCalled();
    expect(logger.warnings).toHaveLength(1);
  });

  it('that cannot be decoded is logged', async () => {
    const handle = vi.fn<HandlerFunction>();
    const { responder, logger } = listen([on(handle)]);
    responder.event({ ...eventOf('saved'), body: '{' }, undefined);
    await settle();
    expect(handle).not.toHaveBeenCalled();
    expect(logger.errors).toHaveLength(1);
  });

  it('is decoded for each handler, so that none sees what another does to it', async () => {
    const spoil: HandlerFunction = (data) => {
      (data as { id: number }).id = 0;
    };
    const seen: unknown[] = [];
    listen([on(spoil), on((data) => seen.push(data))]).responder.event(eventOf('saved', { id: 1 }), undefined);
    await settle();
    expect(seen).toEqual([{ id: 1 }]);
  });

  it('has no caller, no deadline, and nothing to defer', async () => {
    const contexts: MessageContext[] = [];
    const { responder, logger } = listen([
      on((_data, context) => {
        contexts.push(context);
        context.deferResponse(1000);
      }),
    ]);
    responder.event(eventOf('saved'), undefined);
    await settle();
    expect(contexts[0]).toMatchObject({ correlationId: undefined, deadline: undefined, attempt: 1 });
    expect(logger.lines).toMatchObject([{ level: 'error', detail: { code: 400 } }]);
  });

  it('that is handled by a stream is handled when that has ended', async () => {
    const log: string[] = [];
    async function* work() {
      log.push('begin');
      yield 1;
      await Promise.resolve();
      log.push('end');
    }
    const { responder, dispatcher } = listen([on(work)]);
    responder.event(eventOf('saved'), undefined);
    await settle();
    expect(log).toEqual(['begin', 'end']);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('for one audience reaches only that one', async () => {
    const [all, group] = [vi.fn<HandlerFunction>(), vi.fn<HandlerFunction>()];
    const { responder } = listen([on(all, { broadcast: true }), on(group)]);
    responder.event({ ...eventOf('saved'), audience: 'broadcast' }, undefined);
    await settle();
    expect([all.mock.calls.length, group.mock.calls.length]).toEqual([1, 0]);
    responder.event({ ...eventOf('saved'), audience: 'group' }, undefined);
    await settle();
    expect([all.mock.calls.length, group.mock.calls.length]).toEqual([1, 1]);
    responder.event(eventOf('saved'), undefined);
    await settle();
    expect([all.mock.calls.length, group.mock.calls.length]).toEqual([2, 2]);
  });
});

describe('a durable event', () => {
  it('is settled once all its handlers are done, not before', async () => {
    const slow = Promise.withResolvers<void>();
    const delivery = new FakeDelivery();
    const { responder, dispatcher } = listen([on(() => undefined), on(() => slow.promise)]);
    responder.event(eventOf('saved'), delivery);
    await settle();
    expect(delivery.settled).toEqual([]);
    slow.resolve();
    await settle();
    expect(delivery.settled).toEqual(['done']);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('that nobody listens to is settled', () => {
    const delivery = new FakeDelivery();
    listen([]).responder.event(eventOf('saved'), delivery);
    expect(delivery.settled).toEqual(['done']);
  });

  it('is taken even when there is no room: the transport has asked for it', () => {
    const handle = vi.fn<HandlerFunction>(() => new Promise(() => undefined));
    const { responder } = listen([on(handle)], { concurrency: 1 });
    for (let count = 0; count < 3; count += 1) responder.event(eventOf('saved'), new FakeDelivery());
    expect(handle).toHaveBeenCalledTimes(3);
  });

  it('is tried again after a pause that doubles, jittered down by at most half', async () => {
    const handle = failing(2);
    const delivery = new FakeDelivery();
    const { responder, logger } = listen([on(handle)]);
    responder.event(eventOf('saved'), delivery);
    await settle();
    await vi.advanceTimersByTimeAsync(499);
    expect(handle).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(501);
    expect(handle).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(499);
    expect(handle).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(1501);
    expect(handle).toHaveBeenCalledTimes(3);
    expect(delivery.settled).toEqual(['done']);
    expect(logger.errors).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('whose handler failed is logged with what becomes of it', async () => {
    const { responder, logger } = listen([on(failing())]);
    responder.event(eventOf('saved'), new FakeDelivery({ attempt: 2 }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(logger.errors).toEqual([
      expect.stringMatching(/the event "saved" failed \(try 1 of 3, again in \d+ ms\)$/),
      expect.stringMatching(/the event "saved" failed \(try 2 of 3, again in \d+ ms\)$/),
      expect.stringMatching(/the event "saved" failed \(try 3 of 3, the last\)$/),
      expect.stringMatching(/the event "saved" went to the dead letters after 4 tries$/),
    ]);
  });

  it('that trying again cannot heal is logged as that', async () => {
    const { responder, logger } = listen([on(failing(1, new RpcException('no', { code: RpcCode.Forbidden })))]);
    responder.event(eventOf('saved'), new FakeDelivery());
    await settle();
    expect(logger.errors).toEqual([
      expect.stringContaining('failed (403, which trying again cannot heal)'),
      expect.stringContaining('went to the dead letters after 1 try'),
    ]);
  });

  it('counts its attempts, earlier deliveries included', async () => {
    const attempts: number[] = [];
    const { responder } = listen([
      on((_data, context) => {
        attempts.push(context.attempt);
        throw new Error('x');
      }),
    ]);
    responder.event(eventOf('saved'), new FakeDelivery({ attempt: 2 }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts).toEqual([2, 3, 4]);
  });

  it('is tried again by those handlers only that failed', async () => {
    const [good, bad] = [vi.fn<HandlerFunction>(), failing(1)];
    const delivery = new FakeDelivery();
    listen([on(good), on(bad)]).responder.event(eventOf('saved'), delivery);
    await vi.advanceTimersByTimeAsync(1000);
    expect(good).toHaveBeenCalledTimes(1);
    expect(bad).toHaveBeenCalledTimes(2);
    expect(delivery.settled).toEqual(['done']);
  });

  it('is tried as often as the handler says, else the endpoint', async () => {
    const [often, once] = [failing(), failing()];
    const records = [on(often), on(once, { retry: { attempts: 1 } })];
    listen(records).responder.event(eventOf('saved'), new FakeDelivery());
    await vi.advanceTimersByTimeAsync(600_000);
    expect([often.mock.calls.length, once.mock.calls.length]).toEqual([3, 1]);
  });
});

describe('the dead letter', () => {
  it('gets an event whose handler failed for good, with the reason and who it was', async () => {
    const delivery = new FakeDelivery({ attempt: 2 });
    const error = new RpcException('no stock', { code: RpcCode.Conflict, details: { sku: 7 } });
    async function reserve() {
      throw error;
    }
    const { responder } = listen([on(() => undefined), on(reserve)]);
    responder.event(eventOf('saved'), delivery);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(delivery.settled).toEqual(['dead']);
    expect(delivery.reasons).toMatchObject([
      {
        attempts: 4,
        error: {
          error: 'no stock',
          code: 409,
          details: { sku: 7 },
          metadata: { handlers: [{ handler: 'reserve', error: 'no stock', code: 409, attempts: 3 }] },
        },
      },
    ]);
  });

  it('says what was thrown, also where a caller would not be told', async () => {
    const delivery = new FakeDelivery();
    async function* reserve() {
      yield 1;
      throw new Error('no database');
    }
    listen([on(reserve)]).responder.event(eventOf('saved'), delivery);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(delivery.reasons).toMatchObject([
      {
        attempts: 3,
        error: {
          error: 'no database',
          code: 500,
          metadata: { handlers: [{ handler: 'reserve', error: 'no database' }] },
        },
      },
    ]);
  });

  it('names every handler that failed', async () => {
    const delivery = new FakeDelivery();
    async function first() {
      throw new RpcException('one', { code: 409 });
    }
    async function second() {
      throw new RpcException('two', { code: 422 });
    }
    listen([on(first), on(second)]).responder.event(eventOf('saved'), delivery);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(delivery.reasons[0]?.attempts).toBe(3);
    expect(delivery.reasons[0]?.error).toMatchObject({
      metadata: {
        handlers: [
          { handler: 'first', attempts: 3 },
          { handler: 'second', attempts: 1 },
        ],
      },
    });
  });

  it.each([400, 401, 403, 404, 413, 422, 501] as const)(
    'gets an error that trying again cannot heal at once: %i',
    async (code) => {
      const handle = failing(Number.POSITIVE_INFINITY, new RpcException('no', { code }));
      const delivery = new FakeDelivery();
      listen([on(handle)]).responder.event(eventOf('saved'), delivery);
      await settle();
      expect(handle).toHaveBeenCalledOnce();
      expect(delivery.settled).toEqual(['dead']);
    },
  );

  it.each([408, 409, 429, 499, 500, 502, 503] as const)('does not get at once what may heal: %i', async (code) => {
    const delivery = new FakeDelivery();
    const handle = failing(1, new RpcException('no', { code }));
    listen([on(handle)]).responder.event(eventOf('saved'), delivery);
    await vi.advanceTimersByTimeAsync(1000);
    expect(delivery.settled).toEqual(['done']);
  });

  it('gets a payload that does not satisfy its schema, with the issues, and the handler does not run', async () => {
    const handle = vi.fn<HandlerFunction>();
    const delivery = new FakeDelivery();
    const target = event('saved', { payload: z.object({ id: z.number() }) });
    listen([recordOf('event', target, handle)]).responder.event(eventOf('saved', { id: 'x' }), delivery);
    await settle();
    expect(handle).not.toHaveBeenCalled();
    expect(delivery.settled).toEqual(['dead']);
    expect(delivery.reasons[0]?.error).toMatchObject({ code: 422, details: [{ path: ['id'] }] });
  });

  it('gets a payload that cannot be decoded', async () => {
    const delivery = new FakeDelivery();
    listen([on(() => undefined)]).responder.event({ ...eventOf('saved'), body: '{' }, delivery);
    await settle();
    expect(delivery.settled).toEqual(['dead']);
    expect(delivery.reasons[0]?.error).toMatchObject({ code: 400 });
  });

  it('gets an event that has taken too many instances down, unhandled', async () => {
    const handle = vi.fn<HandlerFunction>();
    const { responder } = listen([on(handle)], { maxDeliveries: 2 });
    const [second, third] = [new FakeDelivery({ attempt: 2 }), new FakeDelivery({ attempt: 3 })];
    responder.event(eventOf('saved'), second);
    responder.event(eventOf('saved'), third);
    await settle();
    expect(handle).toHaveBeenCalledOnce();
    expect(second.settled).toEqual(['done']);
    expect(third.settled).toEqual(['dead']);
    expect(third.reasons).toMatchObject([{ attempts: 2, error: { code: 500 } }]);
  });

  it('is tried again until the broker takes it', async () => {
    const delivery = new FakeDelivery();
    delivery.refusals = 5;
    const { responder, logger } = listen([on(failing(), { retry: { attempts: 1 } })]);
    responder.event(eventOf('saved'), delivery);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(delivery.settled).toEqual(['dead']);
    expect(logger.warnings.length).toBeGreaterThan(0);
  });

  it('that the broker never takes does not keep the service from stopping', async () => {
    const delivery = new FakeDelivery();
    delivery.refusals = Number.POSITIVE_INFINITY;
    const { responder, dispatcher } = listen([on(failing(), { retry: { attempts: 1 } })]);
    responder.event(eventOf('saved'), delivery);
    await settle();
    const finished = dispatcher.finish(5000);
    await vi.advanceTimersByTimeAsync(5000);
    await finished;
    await settle();
    expect(delivery.settled).toEqual([]);
    expect(dispatcher.workload.running).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('lanes', () => {
  it('keep deliveries of one lane from overtaking each other, retries included', async () => {
    const log: unknown[] = [];
    let failed = false;
    const handle: HandlerFunction = async (data) => {
      log.push(`begin ${String(data)}`);
      await tick();
      if (data === 1 && !failed) {
        failed = true;
        throw new Error('x');
      }
      log.push(`end ${String(data)}`);
    };
    const { responder } = listen([on(handle)]);
    responder.event(eventOf('saved', 1), new FakeDelivery({ lane: 'a' }));
    responder.event(eventOf('saved', 2), new FakeDelivery({ lane: 'a' }));
    responder.event(eventOf('saved', 3), new FakeDelivery({ lane: 'b' }));
    while (!log.includes('end 2')) {
      await vi.advanceTimersByTimeAsync(100);
      await tick();
    }
    expect(log.filter((line) => line !== 'begin 3' && line !== 'end 3')).toEqual([
      'begin 1',
      'begin 1',
      'end 1',
      'begin 2',
      'end 2',
    ]);
    expect(log.indexOf('end 3')).toBeLessThan(log.indexOf('end 1'));
  });

  it('hold what is to be buried in its place, too', async () => {
    const dead = new FakeDelivery({ lane: 'a' });
    dead.refusals = 2;
    const next = new FakeDelivery({ lane: 'a' });
    const { responder } = listen([
      on((data) => (data === 1 ? Promise.reject(new RpcException('x', { code: 400 })) : undefined)),
    ]);
    responder.event(eventOf('saved', 1), dead);
    responder.event(eventOf('saved', 2), next);
    await settle();
    expect(next.settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([dead.settled, next.settled]).toEqual([['dead'], ['done']]);
  });
});

describe('when the service drains', () => {
  it('a retry that waits is given up, and the event stays with the broker', async () => {
    const handle = failing();
    const delivery = new FakeDelivery();
    const { responder, dispatcher } = listen([on(handle)]);
    responder.event(eventOf('saved'), delivery);
    await settle();
    dispatcher.drain();
    await settle();
    expect(dispatcher.workload.running).toBe(0);
    expect(delivery.settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(handle).toHaveBeenCalledOnce();
  });

  it('what waits in its lane, and what comes now, stays with the broker', async () => {
    const first = Promise.withResolvers<void>();
    const handle = vi.fn<HandlerFunction>(() => first.promise);
    const deliveries = [1, 2, 3].map(() => new FakeDelivery({ lane: 'a' }));
    const { responder, dispatcher } = listen([on(handle)]);
    responder.event(eventOf('saved', 1), deliveries[0]);
    responder.event(eventOf('saved', 2), deliveries[1]);
    dispatcher.drain();
    responder.event(eventOf('saved', 3), deliveries[2]);
    first.resolve();
    await settle();
    expect(handle).toHaveBeenCalledOnce();
    expect(deliveries.map(({ settled }) => settled)).toEqual([['done'], [], []]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('a handler that is done while another waits for its retry does not settle it', async () => {
    const delivery = new FakeDelivery();
    const { responder, dispatcher } = listen([on(() => undefined), on(failing())]);
    responder.event(eventOf('saved'), delivery);
    await settle();
    dispatcher.drain();
    await settle();
    expect(delivery.settled).toEqual([]);
  });

  it('a handler that is cut off has not failed: the event stays with the broker', async () => {
    const delivery = new FakeDelivery();
    const contexts: MessageContext[] = [];
    const { responder, dispatcher } = listen([
      on((_data, context) => {
        contexts.push(context);
        return new Promise((_resolve, reject) => {
          context.signal.addEventListener('abort', () => reject(new Error('cut off')));
        });
      }),
    ]);
    responder.event(eventOf('saved'), delivery);
    const finished = dispatcher.finish(100);
    await vi.advanceTimersByTimeAsync(100);
    await finished;
    await settle();
    expect(contexts[0]?.signal.reason).toMatchObject({ code: 499 });
    expect(delivery.settled).toEqual([]);
  });
});

describe('an event that is taken away while its handler waits for another try', () => {
  it('is not tried again here, nor settled', async () => {
    const delivery = new FakeDelivery();
    const handle = failing();
    const { responder, logger, dispatcher } = listen([on(handle), on(() => undefined)]);
    responder.event(eventOf('saved'), delivery);
    await settle();
    delivery.ownership = Promise.resolve(false);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(handle).toHaveBeenCalledOnce();
    expect(delivery.settled).toEqual([]);
    expect(logger.warnings).toEqual([expect.stringContaining('is not tried again here')]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('waits until that is known', async () => {
    const delivery = new FakeDelivery();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    delivery.ownership = promise;
    const handle = failing(1);
    const { responder } = listen([on(handle)]);
    responder.event(eventOf('saved'), delivery);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(handle).toHaveBeenCalledOnce();
    resolve(true);
    await settle();
    expect(handle).toHaveBeenCalledTimes(2);
    expect(delivery.settled).toEqual(['done']);
  });
});

describe('an event that must not be handled twice', () => {
  const once = event('saved', { idempotent: false });

  it('is settled before its handlers run, tried once, and logged when it fails', async () => {
    const delivery = new FakeDelivery();
    const settledFirst: string[] = [];
    const handle = vi.fn<HandlerFunction>(async () => {
      settledFirst.push(...delivery.settled);
      throw new Error('x');
    });
    const { responder, logger } = listen([recordOf('event', once, handle)]);
    responder.event(eventOf('saved'), delivery);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(settledFirst).toEqual(['done first']);
    expect(handle).toHaveBeenCalledOnce();
    expect(delivery.settled).toEqual(['done first']);
    expect(logger.errors).toHaveLength(1);
  });

  it('waits for the broker to confirm that, and its lane with it', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const [first, second] = [new FakeDelivery({ lane: 'a' }), new FakeDelivery({ lane: 'a' })];
    first.confirmation = promise;
    const handle = vi.fn<HandlerFunction>();
    const { responder, dispatcher } = listen([recordOf('event', once, handle)]);
    responder.event(eventOf('saved', 1), first);
    responder.event(eventOf('saved', 2), second);
    await settle();
    expect(handle).not.toHaveBeenCalled();
    expect(second.settled).toEqual([]);
    resolve(true);
    await settle();
    expect(handle.mock.calls.map(([data]) => data)).toEqual([1, 2]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('is not handled when the broker has not confirmed it: it comes again', async () => {
    const delivery = new FakeDelivery();
    delivery.confirmation = Promise.resolve(false);
    const handle = vi.fn<HandlerFunction>();
    const { responder, logger, dispatcher } = listen([recordOf('event', once, handle)]);
    responder.event(eventOf('saved'), delivery);
    await settle();
    expect(handle).not.toHaveBeenCalled();
    expect(delivery.settled).toEqual(['done first']);
    expect(logger.warnings).toEqual([expect.stringContaining('must not be handled twice was left')]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('is not handled by a service that has closed meanwhile, and said to be lost', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const delivery = new FakeDelivery();
    delivery.confirmation = promise;
    const handle = vi.fn<HandlerFunction>();
    const { responder, logger, dispatcher } = listen([recordOf('event', once, handle)]);
    responder.event(eventOf('saved'), delivery);
    const finished = dispatcher.finish(100);
    await vi.advanceTimersByTimeAsync(100);
    await finished;
    resolve(true);
    await settle();
    expect(handle).not.toHaveBeenCalled();
    expect(logger.errors).toEqual([expect.stringContaining('"saved" is lost')]);
    expect(dispatcher.workload.running).toBe(0);
  });

  it('is tried once also beside a handler that may try again', async () => {
    const [never, again] = [failing(), failing(1)];
    const { responder } = listen([recordOf('event', once, never), on(again)]);
    responder.event(eventOf('saved'), new FakeDelivery());
    await vi.advanceTimersByTimeAsync(600_000);
    expect(again).toHaveBeenCalledTimes(2);
    expect(never).toHaveBeenCalledOnce();
  });
});
