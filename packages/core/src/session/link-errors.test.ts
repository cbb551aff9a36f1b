import { expect, it } from 'vitest';
import { RpcException } from '../errors/index.ts';
import { connectionLost, reasonText, unsent } from './link-errors.ts';

it('what was sent and not answered is 502, with the reason', () => {
  const reason = new Error('ECONNRESET');
  expect(connectionLost('"sum"', reason)).toMatchObject({
    code: 502,
    cause: reason,
    message: 'The connection was lost before "sum" was answered: ECONNRESET',
  });
});

it('what was not sent is 503, or what the transport says', () => {
  expect(unsent('sum', 'no route')).toMatchObject({ code: 503, message: '"sum" was not sent: no route' });
  const error = new RpcException('too large', { code: 413 });
  expect(unsent('sum', error)).toBe(error);
});

it.each([
  [new Error('broken'), 'broken'],
  ['text', 'text'],
  [undefined, 'no reason was given'],
  [{ message: 'x' }, 'x'],
  [Symbol('x'), 'Symbol(x)'],
])('the reason %s is told as %j', (reason, text) => {
  expect(reasonText(reason)).toBe(text);
});
