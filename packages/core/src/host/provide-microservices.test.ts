import { InjectionToken } from '@needle-di/core';
import { describe, expect, it } from 'vitest';
import { FakeTransport } from '../../test/support/fake-transport.ts';
import {
  entriesOf,
  isMicroservicesProvider,
  type MicroserviceEntry,
  provideMicroservices,
  tokenName,
} from './provide-microservices.ts';

const options = new FakeTransport();

describe('entries', () => {
  it('are kept as they are', () => {
    const entries: MicroserviceEntry[] = [
      { token: 'main', options },
      { token: 'bus', options: { transport: 'redis', options: { timeout: 5 } }, listen: false },
    ];
    const provider = provideMicroservices(entries);
    const before = [...entries];
    entries.pop();
    expect(isMicroservicesProvider(provider)).toBe(true);
    expect(entriesOf(provider)).toEqual(before);
  });

  it('are told from providers of the container', () => {
    for (const provider of [{ provide: 'a', useValue: 1 }, class A {}, undefined, null]) {
      expect(isMicroservicesProvider(provider)).toBe(false);
    }
  });

  it.each<[string, unknown]>([
    ['token', { options }],
    ['token', { token: '', options }],
    ['token', { token: null, options }],
    ['token', { token: 5, options }],
    ['token', { token: {}, options }],
    ['"main"', { token: 'main' }],
    ['"main"', { token: 'main', options: null }],
    ['"main"', { token: 'main', options: 'tcp' }],
    ['"main"', { token: 'main', options: { port: 8888 } }],
    ['"main"', { token: 'main', options: { transport: 5 } }],
    ['"lissten"', { token: 'main', options, lissten: false }],
    ['"listen"', { token: 'main', options, listen: 'no' }],
    ['"client"', { token: 'main', options, client: 0 }],
    ['neither', { token: 'main', options, listen: false, client: false }],
    ['entry', undefined],
    ['entry', null],
    ['entry', 'main'],
  ])('that are wrong are refused with 400 that names %s: %o', (says, entry) => {
    const refused = () => provideMicroservices([entry as MicroserviceEntry]);
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow(/^provideMicroservices: /);
    expect(refused).toThrow(says);
  });

  it.each([undefined, null, {}, 'x'])('that are no list are refused with 400: %s', (entries) => {
    expect(() => provideMicroservices(entries as never)).toThrow(
      expect.objectContaining({ name: 'RpcException', code: 400 }) as Error,
    );
  });
});

describe('the name of a token', () => {
  class Users {}

  it.each([
    ['text', 'main', 'main'],
    ['a symbol', Symbol('main'), 'main'],
    ['a symbol without a description', Symbol(), 'Symbol()'],
    ['a class', Users, 'Users'],
    ['an InjectionToken', new InjectionToken('main'), 'main'],
    ['an InjectionToken of a symbol', new InjectionToken(Symbol('main')), 'main'],
  ])('that is %s', (_name, token, name) => {
    expect(tokenName(token)).toBe(name);
  });
});
