import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RpcException } from '../errors/index.ts';
import type * as Module from './contract.ts';
import { contractTarget, event, expectKind, isContract, isSchema, message } from './contract.ts';

describe('a contract', () => {
  it('of a message holds its key and schemas', () => {
    const request = z.object({ page: z.number() });
    const reply = z.array(z.string());
    expect(message({ cmd: 'get', v: 1 }, { request, reply, idempotent: true })).toMatchObject({
      kind: 'message',
      pattern: { cmd: 'get', v: 1 },
      key: '{"cmd":"get","v":1}',
      request,
      reply,
      idempotent: true,
    });
  });

  it('of an event holds its key and schema', () => {
    const payload = v.object({ id: v.string() });
    expect(event('user.created', { payload })).toMatchObject({ kind: 'event', key: 'user.created', payload });
    expect(event('user.created').idempotent).toBeUndefined();
  });

  it('cannot be changed', () => {
    for (const contract of [message('a'), event('a')]) expect(Object.isFrozen(contract)).toBe(true);
  });

  it('does not change when the object that was its pattern does', () => {
    const pattern = { cmd: 'get' };
    const contract = message(pattern);
    pattern.cmd = 'delete';
    expect(contractTarget(contract)).toBe('{"cmd":"get"}');
  });

  it('is told from a pattern that looks like it', () => {
    expect(isContract(message('a'))).toBe(true);
    expect(isContract(event('a'))).toBe(true);
    for (const other of ['a', 1, null, undefined, {}, { ...message('a'), pattern: 'b', key: 'b' }.pattern]) {
      expect(isContract(other)).toBe(false);
    }
    expect(isContract({ kind: 'message', pattern: 'a', key: 'a' })).toBe(false);
  });

  it('of another copy of the package is one, too', async () => {
    const url = './contract.ts?another-copy';
    const other = (await import(/* @vite-ignore */ url)) as typeof Module;
    expect(isContract(other.message('a'))).toBe(true);
  });

  it('of an event may be a wildcard, which can be listened to and not emitted', () => {
    const contract = event('user.*');
    expect(contract.key).toBe('user.*');
    expect(() => contractTarget(contract)).toThrow(/wildcard/);
    expect(contractTarget(event({ topic: '*' }))).toBe('{"topic":"*"}');
  });

  it('of a message may be no wildcard', () => {
    expect(() => message('user.*')).toThrow(expect.objectContaining({ code: 400 }) as Error);
  });

  it('of a bad pattern is refused where it is made', () => {
    expect(() => message('')).toThrow(RpcException);
    expect(() => event('')).toThrow(RpcException);
  });

  it('refuses options that nobody knows: a schema under a misspelt name would check nothing', () => {
    const schema = z.string();
    expect(() => message('a', { requset: schema } as never)).toThrow(
      /"requset"; the options are request, reply, idempotent/,
    );
    expect(() => event('a', { reply: schema } as never)).toThrow(/"reply"; the options are payload, idempotent/);
    expect(message('a', { request: undefined, reply: undefined, idempotent: undefined }).request).toBeUndefined();
  });

  it.each([null, {}, 'schema', () => true, { '~standard': {} }])('refuses what is no Standard Schema: %s', (schema) => {
    const wrong = schema as never;
    expect(() => message('a', { request: wrong })).toThrow(/request must be a Standard Schema/);
    expect(() => message('a', { reply: wrong })).toThrow(/reply must be a Standard Schema/);
    expect(() => event('a', { payload: wrong })).toThrow(/payload must be a Standard Schema/);
  });
});

describe('isSchema', () => {
  it('knows zod, valibot, and schemas that are functions', () => {
    const callable = Object.assign(() => true, { '~standard': { validate: () => ({ value: 1 }) } });
    for (const schema of [z.string(), v.string(), callable]) expect(isSchema(schema)).toBe(true);
  });

  it('knows what is none', () => {
    for (const other of [undefined, null, 'x', 5, {}, { '~standard': null }, () => 1])
      expect(isSchema(other)).toBe(false);
  });
});

describe('expectKind', () => {
  it('says what to use instead', () => {
    expect(() => expectKind(message('a'), 'message')).not.toThrow();
    expect(() => expectKind(message('a'), 'event')).toThrow(/"a" is the contract of a message: use send or stream/);
    expect(() => expectKind(event('a'), 'message')).toThrow(/"a" is the contract of an event: use emit/);
  });
});
