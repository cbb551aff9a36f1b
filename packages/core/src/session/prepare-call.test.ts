import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { handled, inHandlerOf } from '../../test/support/handled.ts';
import type { AnyCallOptions } from '../context/index.ts';
import { RpcException } from '../errors/index.ts';
import { event, message } from '../patterns/index.ts';
import { cancelled, type PreparedCall, prepareCall, type Target } from './prepare-call.ts';

const prepare = (options?: AnyCallOptions, target: Target = 'sum') =>
  prepareCall('message', target, 1, options, 20_000);

/** Milliseconds that a call has left. */
const left = ({ deadline }: PreparedCall) => deadline - performance.now();

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a call', () => {
  it('of a bare pattern has its key, and nothing to check', () => {
    expect(prepare(undefined, { b: 1, a: 2 })).toMatchObject({
      pattern: '{"a":2,"b":1}',
      data: 1,
      headers: undefined,
      limit: undefined,
      onAbort: undefined,
      schema: undefined,
      idempotent: false,
    });
  });

  it('of a contract has its reply’s schema, and may be repeated if that says so', () => {
    const reply = z.string();
    expect(prepare(undefined, message('sum', { reply, idempotent: true }))).toMatchObject({
      pattern: 'sum',
      schema: reply,
      idempotent: true,
    });
    expect(prepare(undefined, message('sum', { idempotent: false })).idempotent).toBe(false);
  });

  it('checks its replies by responseType, which comes before the contract', () => {
    const responseType = z.number();
    expect(prepare({ responseType }, message('sum', { reply: z.string() })).schema).toBe(responseType);
  });

  it('has the client’s timeout, its own, or none', () => {
    expect(left(prepare())).toBeGreaterThan(15_000);
    expect(left(prepare({ timeout: 100 }))).toBeLessThanOrEqual(101);
    expect(prepare({ timeout: 0 }).deadline).toBe(Number.POSITIVE_INFINITY);
    expect(prepareCall('message', 'sum', 1, undefined, 0).deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('may have options that are undefined', () => {
    const options = {
      timeout: undefined,
      signal: undefined,
      headers: undefined,
      retry: undefined,
      responseType: undefined,
    };
    expect(prepare({ ...options, buffer: undefined, key: undefined } as AnyCallOptions)).toMatchObject({
      pattern: 'sum',
    });
    expect(() => prepare({ retry: { attempts: 2, backoff: { initial: undefined } } })).not.toThrow();
  });

  it('copies its headers', () => {
    const headers: Record<string, string> = { tenant: 'a' };
    const call = prepare({ headers });
    headers.tenant = 'b';
    expect(call.headers?.tenant).toBe('a');
  });
});

describe('a bad call is refused', () => {
  const hostile = Object.create(null) as never;

  it.each<[string, unknown]>([
    ['timeout', { timeout: -1 }],
    ['timeout', { timeout: Number.NaN }],
    ['timeout', { timeout: Number.POSITIVE_INFINITY }],
    ['timeout', { timeout: 2 ** 31 }],
    ['timeout', { timeout: '100' }],
    ['timeout', { timeout: null }],
    ['timeout', { timeout: hostile }],
    ['signal', { signal: {} }],
    ['signal', { signal: new AbortController() }],
    ['signal', { signal: null }],
    ['responseType', { responseType: 'string' }],
    ['responseType', { responseType: null }],
    ['responseType', { responseType: String }],
    ['retry', { retry: null }],
    ['retry', { retry: 3 }],
    ['retry.attempts', { retry: {} }],
    ['retry.attempts', { retry: { attempts: 0 } }],
    ['retry.attempts', { retry: { attempts: 1.5 } }],
    ['retry.attempts', { retry: { attempts: Number.POSITIVE_INFINITY } }],
    ['retry.backoff', { retry: { attempts: 2, backoff: 100 } }],
    ['retry.backoff', { retry: { attempts: 2, backoff: null } }],
    ['retry.backoff.initial', { retry: { attempts: 2, backoff: { initial: -1 } } }],
    ['retry.backoff.max', { retry: { attempts: 2, backoff: { max: Number.NaN } } }],
    ['buffer', { buffer: 0 }],
    ['buffer', { buffer: -1 }],
    ['buffer', { buffer: 1.5 }],
    ['buffer', { buffer: '8' }],
    ['key', { key: 7 }],
    ['key', { key: null }],
    ['"timeOut"', { timeOut: 100 }],
    ['"attempt"', { retry: { attempt: 3 } }],
    ['"factor"', { retry: { attempts: 3, backoff: { factor: 2 } } }],
    ['headers', { headers: { Tenant: 'a' } }],
    ['headers', { headers: { tenant: 1 } }],
    ['headers', { headers: null }],
    ['options', null],
    ['options', 5000],
    ['options', 'fast'],
  ])('with 400 that names %s: %o', (name, options) => {
    const refused = () => prepare(options as AnyCallOptions);
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow(name);
  });

  it.each(['', 'user.*', null, undefined, [], 5n, true])('with 400 when its pattern is none: %s', (target) => {
    expect(() => prepareCall('message', target as Target, 1, undefined, 0)).toThrow(
      expect.objectContaining({ name: 'RpcException', code: 400 }) as Error,
    );
  });

  it('when it is the other kind of call', () => {
    expect(() => prepare(undefined, event('a'))).toThrow(/use emit/);
    expect(() => prepareCall('event', message('a'), 1, undefined, 0)).toThrow(/use send/);
    expect(() => prepareCall('event', event('a.*'), 1, undefined, 0)).toThrow(/wildcard/);
  });

  it('with 499 when its signal has aborted', () => {
    const reason = new Error('too late');
    expect(() => prepare({ signal: AbortSignal.abort(reason) })).toThrow(
      expect.objectContaining({ name: 'RpcException', code: 499, cause: reason }) as Error,
    );
  });

  it('with the reason itself when that is one of ours', () => {
    const reason = new RpcException('closing', { code: 503 });
    expect(() => prepare({ signal: AbortSignal.abort(reason) })).toThrow(reason);
    expect(cancelled(reason)).toBe(reason);
  });
});

describe('inside of a handler a call inherits', () => {
  it('what is left of the deadline', () => {
    const message = handled({ deadline: performance.now() + 500 });
    const [long, short, unlimited] = inHandlerOf(message, () => [
      prepare({ timeout: 5000 }),
      prepare({ timeout: 100 }),
      prepare({ timeout: 0 }),
    ]);
    expect(long?.deadline).toBe(message.deadline);
    expect(left(short)).toBeLessThanOrEqual(101);
    expect(unlimited?.deadline).toBe(message.deadline);
    for (const call of [long, short, unlimited]) expect(call?.limit).toBe(message.deadline);
  });

  it('no limit where there is none', () => {
    const call = inHandlerOf(handled(), () => prepare({ timeout: 0 }));
    expect(call).toMatchObject({ deadline: Number.POSITIVE_INFINITY, limit: undefined });
  });

  it('the headers of the trace', () => {
    const message = handled({ headers: { traceparent, authorization: 'secret' } });
    expect({ ...inHandlerOf(message, () => prepare({ headers: { tenant: 'a' } })).headers }).toEqual({
      traceparent,
      tenant: 'a',
    });
  });

  it('never more headers than one message may have', () => {
    const message = handled({ headers: { traceparent, baggage: 'x'.repeat(8000) } });
    const headers = { tenant: 'y'.repeat(8000) };
    expect({ ...inHandlerOf(message, () => prepare({ headers })).headers }).toEqual({ traceparent, ...headers });
  });

  it('the signal: it tells when the handler is cancelled', () => {
    const message = handled();
    const told = vi.fn<(reason: unknown) => void>();
    const undo = inHandlerOf(message, () => prepare()).onAbort?.(told);
    message.abort('gone');
    expect(told).toHaveBeenCalledExactlyOnceWith('gone');
    expect(undo).not.toThrow();
  });

  it('the end: it is refused when the handler has been cancelled', () => {
    const message = handled();
    message.abort(new RpcException('late', { code: 408 }));
    expect(() => inHandlerOf(message, () => prepare())).toThrow(expect.objectContaining({ code: 408 }) as Error);
  });
});

describe('what a handler has left running behind it', () => {
  it('has its trace, but neither its deadline nor its end', () => {
    const message = handled({ over: true, deadline: performance.now() - 5, headers: { traceparent } });
    message.abort('cancelled');
    const call = inHandlerOf(message, () => prepare());
    expect(left(call)).toBeGreaterThan(15_000);
    expect(call).toMatchObject({ limit: undefined, onAbort: undefined });
    expect({ ...call.headers }).toEqual({ traceparent });
  });
});

describe('the caller’s signal', () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

  it('tells once, and nothing stays on it after the undo', () => {
    const controller = new AbortController();
    const call = prepare({ signal: controller.signal });
    const [told, undone] = [vi.fn<(reason: unknown) => void>(), vi.fn<(reason: unknown) => void>()];
    call.onAbort?.(told);
    call.onAbort?.(undone)();
    expect(listeners(controller.signal)).toBe(1);
    controller.abort('enough');
    expect(told).toHaveBeenCalledExactlyOnceWith('enough');
    expect(undone).not.toHaveBeenCalled();
    expect(listeners(controller.signal)).toBe(0);
  });

  it('tells at once when it has aborted since the call was prepared', () => {
    const controller = new AbortController();
    const call = prepare({ signal: controller.signal });
    controller.abort('enough');
    const told = vi.fn<(reason: unknown) => void>();
    call.onAbort?.(told)();
    expect(told).toHaveBeenCalledExactlyOnceWith('enough');
  });

  it('and the handler’s both count, whichever comes first, and the undo is of both', () => {
    for (const first of ['signal', 'handler']) {
      const controller = new AbortController();
      const message = handled();
      const call = inHandlerOf(message, () => prepare({ signal: controller.signal }));
      const [told, undone] = [vi.fn<(reason: unknown) => void>(), vi.fn<(reason: unknown) => void>()];
      call.onAbort?.(undone)();
      const undo = call.onAbort?.(told);
      if (first === 'signal') controller.abort('x');
      else message.abort('x');
      expect(told).toHaveBeenCalledExactlyOnceWith('x');
      undo?.();
      expect(undone).not.toHaveBeenCalled();
      expect(listeners(controller.signal)).toBe(0);
    }
  });
});
