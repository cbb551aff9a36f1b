import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { outgoing, replyOf } from '../../test/support/outgoing.ts';
import { jsonCodec } from '../envelope/index.ts';
import { RpcException } from '../errors/index.ts';
import type { Schema } from '../patterns/index.ts';
import { UnaryCall } from './unary-call.ts';

function unary(schema?: Schema) {
  const resolve = vi.fn<(value: unknown) => void>();
  const reject = vi.fn<(error: RpcException) => void>();
  return { call: new UnaryCall(outgoing({ schema }), performance.now(), resolve, reject), resolve, reject };
}

it('wants one reply, the last', () => {
  expect(unary().call.credit).toBe(0);
});

it.each<[string | undefined, unknown]>([
  ['{"a":1}', { a: 1 }],
  ['null', null],
  [undefined, undefined],
])('resolves with the reply %s, decoded', (body, value) => {
  const { call, resolve } = unary();
  call.reply(replyOf(body, true), jsonCodec);
  expect(resolve).toHaveBeenCalledExactlyOnceWith(value);
});

it('resolves with undefined when the stream was empty', () => {
  const { call, resolve } = unary();
  call.complete();
  expect(resolve).toHaveBeenCalledExactlyOnceWith(undefined);
});

it('lets replies pass that are not the last, unread', () => {
  const { call, resolve } = unary();
  call.reply(replyOf('{', false), jsonCodec);
  expect(resolve).not.toHaveBeenCalled();
});

it('throws what cannot be decoded to who gives it', () => {
  const { call, resolve, reject } = unary();
  expect(() => call.reply(replyOf('{', true), jsonCodec)).toThrow(expect.objectContaining({ code: 400 }) as Error);
  expect(resolve).not.toHaveBeenCalled();
  expect(reject).not.toHaveBeenCalled();
});

it('rejects with the very error', () => {
  const { call, reject } = unary();
  const error = new RpcException('x', { code: 502 });
  call.fail(error);
  expect(reject).toHaveBeenCalledExactlyOnceWith(error);
});

describe('a call with a schema for its reply', () => {
  const schema = z.object({ id: z.coerce.number() });

  it('resolves with what the schema makes of it, at once or later', async () => {
    const { call, resolve } = unary(schema);
    call.reply(replyOf('{"id":"7"}', true), jsonCodec);
    expect(resolve).toHaveBeenCalledExactlyOnceWith({ id: 7 });
    const later = unary(schema.refine(async () => true));
    later.call.reply(replyOf('{"id":"8"}', true), jsonCodec);
    expect(await later.resolve.mock.calls[0]?.[0]).toEqual({ id: 8 });
  });

  it('throws, or rejects, with 422 what does not satisfy it, also when nothing came', async () => {
    const invalid = expect.objectContaining({
      code: 422,
      details: [expect.objectContaining({ path: ['id'] })],
    }) as Error;
    expect(() => unary(schema).call.reply(replyOf('{}', true), jsonCodec)).toThrow(invalid);
    expect(() => unary(schema).call.complete()).toThrow(expect.objectContaining({ code: 422 }) as Error);
    const later = unary(schema.refine(async () => false));
    later.call.reply(replyOf('{"id":"8"}', true), jsonCodec);
    await expect(later.resolve.mock.calls[0]?.[0]).rejects.toMatchObject({ code: 422 });
  });

  it('rejects with 500 when the schema itself fails later', async () => {
    const validate = async () => {
      throw new TypeError('broken');
    };
    const broken: Schema = { '~standard': { version: 1, vendor: 'test', validate } };
    const { call, resolve } = unary(broken);
    call.reply(replyOf('{"id":"8"}', true), jsonCodec);
    await expect(resolve.mock.calls[0]?.[0]).rejects.toMatchObject({ name: 'RpcException', code: 500 });
  });
});
