import { describe, expect, it } from 'vitest';
import type { Headers } from '../envelope/index.ts';
import { runInContext } from './context-storage.ts';
import { currentMessage, inheritHeaders } from './inherit.ts';
import { type HandledMessage, MessageContext } from './message-context.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const messageWith = (headers: Headers) => ({ headers }) as HandledMessage;

describe('headers that a call inherits', () => {
  it('are those of the trace, and no others', () => {
    const handled = messageWith({
      traceparent,
      tracestate: 'a=1',
      baggage: 'user=1',
      authorization: 'secret',
      tenant: 'a',
    });
    expect(inheritHeaders(undefined, handled)).toEqual({ traceparent, tracestate: 'a=1', baggage: 'user=1' });
  });

  it('come beside the caller’s own, which win', () => {
    const handled = messageWith({ traceparent, baggage: 'user=1' });
    expect(inheritHeaders({ baggage: '', tenant: 'b' }, handled)).toEqual({ traceparent, baggage: '', tenant: 'b' });
  });

  it('leave the caller’s object alone', () => {
    const own = Object.freeze({ tenant: 'b' });
    expect(inheritHeaders(own, messageWith({ traceparent }))).toEqual({ tenant: 'b', traceparent });
    expect(own).toEqual({ tenant: 'b' });
  });

  it('are none outside of a handler, or when the message had none', () => {
    const own = { tenant: 'b' };
    expect(inheritHeaders(own, undefined)).toBe(own);
    expect(inheritHeaders(own, messageWith({}))).toBe(own);
    expect(inheritHeaders(undefined, messageWith({}))).toBeUndefined();
  });
});

describe('the message being handled', () => {
  it('is that of the current context', () => {
    const message = messageWith({});
    expect(runInContext(() => currentMessage(), undefined, new MessageContext(message))).toBe(message);
  });

  it('is none outside of a handler', () => {
    expect(currentMessage()).toBeUndefined();
  });
});
