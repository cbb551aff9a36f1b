import { InjectionToken } from '@needle-di/core';
import { expect, it } from 'vitest';
import { TokenBook } from './token-book.ts';

it('gives a token to one owner, and names both when another wants it', () => {
  const book = new TokenBook();
  const token = new InjectionToken<string>('main');
  book.claim(token, 'an entry');
  expect(() => book.claim(token, 'a provider')).toThrow(
    expect.objectContaining({ name: 'RpcException', code: 409 }) as Error,
  );
  expect(() => book.claim(token, 'a provider')).toThrow(/"main" is used twice, by an entry and by a provider/);
});

it('tells tokens of the same name apart: the container does', () => {
  const book = new TokenBook();
  book.claim('main', 'one');
  book.claim(Symbol('main'), 'two');
  book.claim(new InjectionToken('main'), 'three');
});

it('a provider may be a class, or anything with `provide`', () => {
  class Users {}
  const book = new TokenBook();
  book.claimProvider(Users);
  expect(() => book.claimProvider({ provide: Users, useValue: new Users() })).toThrow(/"Users"/);
});

it('providers with `multi` share their token with others of their kind only', () => {
  const book = new TokenBook();
  book.claimProvider({ provide: 'plugins', useValue: 1, multi: true });
  book.claimProvider({ provide: 'plugins', useValue: 2, multi: true });
  expect(() => book.claimProvider({ provide: 'plugins', useValue: 3 })).toThrow(/"plugins"/);
  expect(() => book.claim('plugins', 'an entry')).toThrow(/"plugins"/);
});
