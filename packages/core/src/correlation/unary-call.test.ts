import { expect, it, vi } from 'vitest';
import { outgoing, replyOf } from '../../test/support/outgoing.ts';
import { jsonCodec } from '../envelope/index.ts';
import { RpcException } from '../errors/index.ts';
import { UnaryCall } from './unary-call.ts';

function unary() {
  const resolve = vi.fn<(value: unknown) => void>();
  const reject = vi.fn<(error: RpcException) => void>();
  return { call: new UnaryCall(outgoing(), performance.now(), resolve, reject), resolve, reject };
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
