import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { recordOf } from '../../test/support/records.ts';
import { HandlerFrame, MessageContext, outsideOfHandlers } from '../context/index.ts';
import type { HandledMessage } from '../context/message-context.ts';
import { RpcException } from '../errors/index.ts';
import { event, message } from '../patterns/index.ts';
import type { HandlerRecord } from '../registry/index.ts';
import { type ServerCall, type ServerInterceptor, serveHandler } from './interceptor.ts';

const retry = { attempts: 3, backoff: { initial: 10, max: 20 } };
const composeHandler = (record: HandlerRecord, interceptors: readonly ServerInterceptor[]) =>
  serveHandler(record, interceptors, retry, new HandlerFrame(outsideOfHandlers()));

const context = new MessageContext({ pattern: 'users.get' } as HandledMessage);
const double = (data: unknown) => (data as number) * 2;

/** Notes when it is entered and left. */
const noting =
  (log: string[], name: string): ServerInterceptor =>
  async (_call, next) => {
    log.push(`${name} in`);
    try {
      return await next();
    } finally {
      log.push(`${name} out`);
    }
  };

describe('interceptors', () => {
  it('that are none cost nothing', () => {
    const record = recordOf('message', 'a', double);
    expect(composeHandler(record, []).handle).toBe(record.handle);
  });

  it('run around the handler, the first outermost', async () => {
    const log: string[] = [];
    const record = recordOf('message', 'a', () => void log.push('handler'));
    await composeHandler(record, [noting(log, 'first'), noting(log, 'second')]).handle(1, context);
    expect(log).toEqual(['first in', 'second in', 'handler', 'second out', 'first out']);
  });

  it('are told what is called', async () => {
    let seen: ServerCall | undefined;
    const record = recordOf('event', 'users.*', double);
    await composeHandler(record, [
      (call, next) => {
        seen = call;
        return next();
      },
    ]).handle(21, context);
    expect(seen).toEqual({ kind: 'event', pattern: 'users.get', data: 21, context, handler: 'double' });
  });

  it('may change the data', async () => {
    const record = composeHandler(recordOf('message', 'a', double), [
      (call, next) => next({ ...call, data: (call.data as number) + 1 }),
    ]);
    expect(await record.handle(20, context)).toBe(42);
  });

  it('may change the reply, and answer without the handler', async () => {
    const asText = composeHandler(recordOf('message', 'a', double), [
      async (_call, next) => `${String(await next())}!`,
    ]);
    expect(await asText.handle(21, context)).toBe('42!');
    const cached = composeHandler(recordOf('message', 'a', double), [() => 'cached']);
    expect(cached.handle(21, context)).toBe('cached');
  });

  it('may refuse', () => {
    const guard: ServerInterceptor = () => {
      throw new RpcException('not you', { code: 403 });
    };
    const record = composeHandler(recordOf('message', 'a', double), [guard]);
    expect(() => record.handle(1, context)).toThrow(expect.objectContaining({ code: 403 }) as Error);
  });

  it('get what a handler throws synchronously as a rejection', async () => {
    const failing = recordOf('message', 'a', () => {
      throw new Error('broken');
    });
    const healing: ServerInterceptor = (_call, next) => next().catch((error: unknown) => (error as Error).message);
    expect(await composeHandler(failing, [healing]).handle(1, context)).toBe('broken');
  });

  it('may call the handler again', async () => {
    let calls = 0;
    const flaky = recordOf('message', 'a', () => {
      calls += 1;
      if (calls < 3) throw new Error('not yet');
      return calls;
    });
    const retrying: ServerInterceptor = async (_call, next) => {
      for (;;) {
        try {
          return await next();
        } catch {
          // Once more.
        }
      }
    };
    expect(await composeHandler(flaky, [retrying]).handle(1, context)).toBe(3);
  });

  it('see a stream as what the handler gave', async () => {
    async function* numbers() {
      yield 1;
    }
    const stream = numbers();
    let seen: unknown;
    const record = composeHandler(
      recordOf('message', 'a', () => stream),
      [
        async (_call, next) => {
          seen = await next();
          return seen;
        },
      ],
    );
    expect(await record.handle(1, context)).toBe(stream);
    expect(seen).toBe(stream);
  });
});

describe('validation', () => {
  const schema = z.object({ page: z.coerce.number() });
  const page = (data: unknown) => (data as { page: number }).page;

  it('gives the handler the output, at once', () => {
    const record = composeHandler(recordOf('message', message('a', { request: schema }), page), []);
    expect(record.handle({ page: '7' }, context)).toBe(7);
  });

  it('refuses with 422 before the handler runs', () => {
    let ran = false;
    const record = composeHandler(
      recordOf('message', message('a', { request: schema }), () => {
        ran = true;
      }),
      [],
    );
    const refused = () => record.handle({ page: 'x' }, context);
    expect(refused).toThrow(expect.objectContaining({ code: 422 }) as Error);
    expect(refused).toThrow(/^The request is not valid at page/);
    expect(ran).toBe(false);
  });

  it('may be asynchronous', async () => {
    const slow = schema.refine(async ({ page }) => page < 10);
    const record = composeHandler(recordOf('event', event('a', { payload: slow }), page), []);
    expect(await record.handle({ page: 7 }, context)).toBe(7);
    await expect(record.handle({ page: 11 }, context)).rejects.toThrow(/^The event is not valid/);
  });

  it('comes after the interceptors: they see what was sent, and their change is checked', async () => {
    const seen: unknown[] = [];
    const spy: ServerInterceptor = (call, next) => {
      seen.push(call.data);
      return next({ ...call, data: { page: 'x' } });
    };
    const record = composeHandler(recordOf('message', message('a', { request: schema }), page), [spy]);
    await expect(record.handle({ page: '7' }, context)).rejects.toMatchObject({ code: 422 });
    expect(seen).toEqual([{ page: '7' }]);
  });
});

describe('the policy of retries', () => {
  it('is the endpoint’s, but for what the handler says', () => {
    const policyOf = (own: object | undefined) =>
      composeHandler(recordOf('event', 'a', double, own === undefined ? {} : { retry: own }), []).retry;
    expect(policyOf(undefined)).toEqual(retry);
    expect(policyOf({ attempts: 7 })).toEqual({ ...retry, attempts: 7 });
    expect(policyOf({ backoff: { max: 50 } })).toEqual({ attempts: 3, backoff: { initial: 10, max: 50 } });
  });
});
