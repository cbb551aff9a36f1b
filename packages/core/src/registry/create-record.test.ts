import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { event, message } from '../patterns/index.ts';
import { createRecord, type HandlerDeclaration } from './create-record.ts';

const handle = () => undefined;

function declared(overrides: Partial<HandlerDeclaration>): HandlerDeclaration {
  return { kind: 'message', target: 'users.get', options: {}, name: 'Users.get', handle, ...overrides };
}

/** What JavaScript, or a cast, may bring along. */
const wrong = (options: unknown) => options as HandlerDeclaration['options'];

describe('a record', () => {
  it('of a bare pattern', () => {
    expect(createRecord(declared({ target: { v: 1, cmd: 'get' } }))).toEqual({
      kind: 'message',
      key: '{"cmd":"get","v":1}',
      wildcard: false,
      transport: undefined,
      name: 'Users.get',
      handle,
      schema: undefined,
      idempotent: undefined,
      retry: undefined,
      broadcast: false,
    });
  });

  it('of a contract takes its schema and what it says of being repeated', () => {
    const request = z.string();
    const payload = z.number();
    const ofMessage = createRecord(declared({ target: message('a', { request, idempotent: true }) }));
    expect(ofMessage).toMatchObject({ key: 'a', schema: request, idempotent: true });
    const ofEvent = createRecord(declared({ kind: 'event', target: event('a.*', { payload, idempotent: false }) }));
    expect(ofEvent).toMatchObject({ key: 'a.*', wildcard: true, schema: payload, idempotent: false });
  });

  it('of a contract has the key that the contract had when it was made', () => {
    const pattern = { cmd: 'get' };
    const target = message(pattern);
    pattern.cmd = 'delete';
    expect(createRecord(declared({ target })).key).toBe('{"cmd":"get"}');
  });

  it('is a wildcard only for text', () => {
    expect(createRecord(declared({ kind: 'event', target: { a: '*' } })).wildcard).toBe(false);
  });

  it('leaves a retry that is given in part as it is: the endpoint fills it up', () => {
    const record = createRecord(declared({ kind: 'event', options: { retry: { attempts: 2 } } }));
    expect(record.retry).toEqual({ attempts: 2 });
  });

  it('of a function without a name is called by its pattern', () => {
    expect(createRecord(declared({ name: '' })).name).toBe('message("users.get")');
  });
});

describe('what is wrong with a handler is told with its name', () => {
  it.each<[string, Partial<HandlerDeclaration>, string]>([
    ['an empty pattern', { target: '' }, 'empty'],
    ['no pattern', { target: undefined as never }, 'undefined'],
    ['null', { target: null as never }, 'null'],
    ['a wildcard of a message', { target: 'users.*' }, 'wildcard'],
    ['an event’s contract for a message', { target: event('a') }, 'use emit'],
    ['a message’s contract for an event', { kind: 'event', target: message('a') }, 'use send'],
    ['a transport that is no name', { options: wrong({ transport: 5 }) }, '"transport"'],
    ['a transport without a name', { options: { transport: '' } }, '"transport"'],
    ['options that are no object', { options: wrong('tcp') }, 'options'],
    ['options that are null', { options: wrong(null) }, 'options'],
    ['an unknown option', { options: wrong({ transprot: 'tcp' }) }, '"transprot"'],
    ['an event’s option for a message', { options: wrong({ broadcast: true }) }, '"broadcast"'],
    ['a retry that is none', { kind: 'event', options: wrong({ retry: 3 }) }, 'retry'],
    ['no attempts', { kind: 'event', options: { retry: { attempts: 0 } } }, '"attempts"'],
    ['an unknown field of retry', { kind: 'event', options: wrong({ retry: { tries: 3 } }) }, '"tries"'],
    ['a negative backoff', { kind: 'event', options: { retry: { backoff: { initial: -1 } } } }, '"initial"'],
    ['a broadcast that is neither', { kind: 'event', options: wrong({ broadcast: 'yes' }) }, '"broadcast"'],
  ])('%s', (_name, overrides, says) => {
    const refused = () => createRecord(declared(overrides));
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow(/^The handler Users\.get: /);
    expect(refused).toThrow(says);
  });

  it.each([['users.*'], [undefined], [5n], [Symbol('x')], [() => 1]])(
    'or with its pattern, when it has none: %s',
    (target) => {
      const refused = () => createRecord(declared({ name: '', target: target as never }));
      expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    },
  );
});
