import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { handled, noReplies } from '../../test/support/handled.ts';
import { RpcException } from '../errors/index.ts';
import { currentContext, runInContext, runOutsideContext } from './context-storage.ts';
import { type HandledMessage, MessageContext } from './message-context.ts';

type Caller = HandledMessage['caller'];

const contextOf = (overrides?: Partial<HandledMessage>) => new MessageContext(handled(overrides));

describe('a context', () => {
  it('reads the message', () => {
    const { signal } = new AbortController();
    const headers = { tenant: 'a' };
    const context = contextOf({ attempt: 3, headers, signal });
    const { pattern, correlationId, transport, isEvent, attempt } = context;
    expect({ pattern, correlationId, transport, isEvent, attempt }).toEqual({
      pattern: 'users.get',
      correlationId: '7',
      transport: 'tcp',
      isEvent: false,
      attempt: 3,
    });
    expect(context.headers).toBe(headers);
    expect(context.signal).toBe(signal);
  });

  it('tells the deadline in milliseconds since the epoch, and undefined for none', () => {
    expect(contextOf().deadline).toBeUndefined();
    const deadline = contextOf({ deadline: performance.now() + 5000 }).deadline ?? 0;
    expect(deadline).toBeGreaterThan(Date.now() + 3000);
    expect(deadline).toBeLessThan(Date.now() + 7000);
  });

  it('gives subclasses what the transport put into the envelope', () => {
    class KafkaLike extends MessageContext {
      get offset(): unknown {
        return (this.source as { offset: number }).offset;
      }
    }
    expect(new KafkaLike(handled({ source: { offset: 42 } })).offset).toBe(42);
  });

  it('calls back over the link of its message', async () => {
    const caller = {
      send: vi.fn<Caller['send']>(async () => 'reply'),
      stream: vi.fn<Caller['stream']>(() => noReplies),
      emit: vi.fn<Caller['emit']>(async () => undefined),
    };
    const context = contextOf({ caller });
    expect(await context.send('a', 1, { timeout: 5 })).toBe('reply');
    expect(context.stream('b', 2, { buffer: 3 })).toBe(noReplies);
    await context.emitWait('c', 3, { key: 'k' });
    expect(caller.send).toHaveBeenCalledWith('a', 1, { timeout: 5 });
    expect(caller.stream).toHaveBeenCalledWith('b', 2, { buffer: 3 });
    expect(caller.emit).toHaveBeenCalledWith('c', 3, { key: 'k' });
  });

  it('emit does not wait, and a failure is told to the log instead of to nobody', async () => {
    const failure = new RpcException('down', { code: 503 });
    const emitFailed = vi.fn<HandledMessage['emitFailed']>();
    const caller = { ...handled().caller, emit: () => Promise.reject(failure) };
    expect(contextOf({ caller, emitFailed }).emit('c', 1)).toBeUndefined();
    await tick();
    expect(emitFailed).toHaveBeenCalledExactlyOnceWith('users.get', failure);
  });
});

describe('deferResponse', () => {
  it('moves the deadline by whole milliseconds', () => {
    const defer = vi.fn<HandledMessage['defer']>();
    contextOf({ defer }).deferResponse(1500.2);
    expect(defer).toHaveBeenCalledExactlyOnceWith(1501);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5', undefined, null])(
    'refuses %s with 400',
    (milliseconds) => {
      const defer = vi.fn<HandledMessage['defer']>();
      expect(() => contextOf({ defer }).deferResponse(milliseconds as number)).toThrow(
        expect.objectContaining({ name: 'RpcException', code: 400 }) as Error,
      );
      expect(defer).not.toHaveBeenCalled();
    },
  );

  it('takes the longest that a timer can wait', () => {
    const defer = vi.fn<HandledMessage['defer']>();
    contextOf({ defer }).deferResponse(2 ** 31 - 1);
    expect(defer).toHaveBeenCalledOnce();
  });

  it('is refused in an event handler, where nobody waits', () => {
    const defer = vi.fn<HandledMessage['defer']>();
    expect(() => contextOf({ isEvent: true, defer }).deferResponse(100)).toThrow(/event/);
    expect(defer).not.toHaveBeenCalled();
  });
});

describe('currentContext', () => {
  it('is the handler’s own, through all of its awaits, and of none outside', async () => {
    const contexts = [contextOf(), contextOf()];
    const handler = async (rounds: number, context: MessageContext) => {
      for (let round = 0; round < rounds; round += 1) {
        expect(currentContext()).toBe(context);
        await tick();
      }
      await Promise.all([1, 2].map(async () => tick().then(() => expect(currentContext()).toBe(context))));
    };
    const running = contexts.map((context, index) => runInContext(handler, index + 2, context));
    expect(currentContext()).toBeUndefined();
    await Promise.all(running);
    expect(currentContext()).toBeUndefined();
  });

  it('gives back and throws what the handler does', () => {
    expect(runInContext((data: number) => data * 2, 4, contextOf())).toBe(8);
    const thrower = () => {
      throw new Error('x');
    };
    expect(() => runInContext(thrower, undefined, contextOf())).toThrow('x');
    expect(currentContext()).toBeUndefined();
  });

  it('of a handler within a handler is the inner one’s', () => {
    const [outer, inner] = [contextOf(), contextOf()];
    runInContext(
      () => {
        runInContext(() => expect(currentContext()).toBe(inner), undefined, inner);
        expect(currentContext()).toBe(outer);
      },
      undefined,
      outer,
    );
  });

  it('is none for what a handler has left running behind it', async () => {
    const message = { ...handled(), over: false };
    const seen: unknown[] = [];
    const context = new MessageContext(message);
    const running = runInContext(
      async () => {
        seen.push(currentContext() === context);
        await tick();
        seen.push(currentContext());
      },
      undefined,
      context,
    );
    message.over = true;
    await running;
    expect(seen).toEqual([true, undefined]);
  });

  it('is left by what outlives the handler', async () => {
    const seen: unknown[] = [];
    await runInContext(
      () =>
        runOutsideContext(async () => {
          seen.push(currentContext());
          await tick();
          seen.push(currentContext());
        }),
      undefined,
      contextOf(),
    );
    expect(seen).toEqual([undefined, undefined]);
  });
});
