import { describe, expect, it } from 'vitest';
import { RpcException } from '../errors/index.ts';
import { type ClientCall, type ClientInterceptor, composeClient } from './client-interceptor.ts';

const call: ClientCall = { kind: 'send', target: 'sum', data: 1, options: {}, client: 'main' };

const last = async ({ data }: ClientCall) => `reply to ${String(data)}`;

describe('client interceptors', () => {
  it('run in their order, the first outermost', async () => {
    const log: string[] = [];
    const noting =
      (name: string): ClientInterceptor =>
      async (_call, next) => {
        log.push(`${name} in`);
        const reply = await next();
        log.push(`${name} out`);
        return reply;
      };
    expect(await composeClient([noting('first'), noting('second')], last)(call)).toBe('reply to 1');
    expect(log).toEqual(['first in', 'second in', 'second out', 'first out']);
  });

  it('may change the call for what comes after them, and leave the caller’s alone', async () => {
    const frozen = Object.freeze({ ...call });
    const adding: ClientInterceptor = (it, next) => next({ ...it, data: (it.data as number) + 1 });
    expect(await composeClient([adding, adding], last)(frozen)).toBe('reply to 3');
  });

  it('may answer themselves, or change the reply', async () => {
    expect(await composeClient([() => 'cached'], last)(call)).toBe('cached');
    const shouting: ClientInterceptor = async (_call, next) => `${String(await next())}!`;
    expect(await composeClient([shouting], last)(call)).toBe('reply to 1!');
  });

  it('may try again', async () => {
    let tries = 0;
    const flaky = async () => {
      tries += 1;
      if (tries < 3) throw new RpcException('x', { code: 503 });
      return tries;
    };
    const retrying: ClientInterceptor = async (_call, next) => {
      for (;;) {
        try {
          return await next();
        } catch {
          // Once more.
        }
      }
    };
    expect(await composeClient([retrying], flaky)(call)).toBe(3);
  });

  it('that throw something else than an RpcException make 500 of it', async () => {
    const error = new Error('no token');
    const throwing: ClientInterceptor = () => {
      throw error;
    };
    await expect(composeClient([throwing], last)(call)).rejects.toMatchObject({
      name: 'RpcException',
      code: 500,
      cause: error,
    });
    const refusing: ClientInterceptor = () => Promise.reject(new RpcException('no', { code: 403 }));
    await expect(composeClient([refusing], last)(call)).rejects.toMatchObject({ code: 403 });
  });

  it('see what those within them throw', async () => {
    const seen: unknown[] = [];
    const watching: ClientInterceptor = (_call, next) =>
      next().catch((thrown: unknown) => {
        seen.push((thrown as Error).message);
        return 'healed';
      });
    const throwing: ClientInterceptor = () => {
      throw new Error('inner');
    };
    expect(await composeClient([watching, throwing], last)(call)).toBe('healed');
    expect(seen).toEqual(['inner']);
  });
});
