import { describe, expect, it } from 'vitest';
import { recordOf } from '../../test/support/records.ts';
import { HandlerTable } from './handler-table.ts';

describe('routes', () => {
  it('tell messages, events, wildcards and broadcasts apart, each once', () => {
    const { routes } = new HandlerTable([
      recordOf('message', 'sum'),
      recordOf('event', 'sum'),
      recordOf('event', 'sum'),
      recordOf('event', 'user.*'),
      recordOf('event', 'user.*'),
      recordOf('event', 'config', undefined, { broadcast: true }),
      recordOf('event', 'config', undefined, { broadcast: true }),
      recordOf('event', 'cache.*', undefined, { broadcast: true }),
      recordOf('event', 'sum', undefined, { broadcast: true }),
    ]);
    expect(routes).toEqual({
      messages: ['sum'],
      events: ['sum'],
      wildcards: ['user.*'],
      broadcast: { events: ['config', 'sum'], wildcards: ['cache.*'] },
    });
  });

  it('are empty where nothing is served', () => {
    const table = new HandlerTable([]);
    expect(table.isEmpty).toBe(true);
    expect(table.routes).toEqual({
      messages: [],
      events: [],
      wildcards: [],
      broadcast: { events: [], wildcards: [] },
    });
  });

  it.each([recordOf('message', 'a'), recordOf('event', 'a'), recordOf('event', '*')])(
    'are not empty with %o',
    (record) => {
      expect(new HandlerTable([record]).isEmpty).toBe(false);
    },
  );
});

describe('handlers', () => {
  it('of a message are found by its very key', () => {
    const record = recordOf('message', { cmd: 'sum' });
    const table = new HandlerTable([record, recordOf('event', 'sum'), recordOf('event', '*')]);
    expect(table.message('{"cmd":"sum"}')).toBe(record);
    expect(table.message('sum')).toBeUndefined();
    expect(table.message('__proto__')).toBeUndefined();
    expect(table.message('constructor')).toBeUndefined();
  });

  it('of an event are the exact ones, then the wildcards that match, in the order of their declaration', () => {
    const records = ['*', 'user.created', 'order.*', 'user.*', 'user.created'].map((target) =>
      recordOf('event', target),
    );
    const table = new HandlerTable(records);
    const [all, first, , user, second] = records;
    expect(table.events('user.created')).toEqual([first, second, all, user]);
    expect(table.events('user.deleted')).toEqual([all, user]);
    // The second time from memory.
    expect(table.events('user.created')).toEqual([first, second, all, user]);
  });

  it('of an event nobody listens to are none', () => {
    const table = new HandlerTable([recordOf('event', 'a'), recordOf('message', 'b')]);
    for (const key of ['b', '', '__proto__', 'toString']) expect(table.events(key)).toEqual([]);
  });

  it('a wildcard handler with a literal `*` in an object is no wildcard', () => {
    const record = recordOf('event', { a: '*' });
    const table = new HandlerTable([record]);
    expect(table.events('{"a":"*"}')).toEqual([record]);
    expect(table.events('{"a":"x"}')).toEqual([]);
  });

  it('are found right however many keys come, and what is remembered of them is bounded', () => {
    const all = recordOf('event', '*');
    const table = new HandlerTable([all]);
    const first = table.events('key 0');
    expect(table.events('key 0')).toBe(first);
    for (let key = 1; key <= 5000; key += 1) expect(table.events(`key ${key}`)).toEqual([all]);
    // Forgotten, and found anew.
    expect(table.events('key 0')).not.toBe(first);
    expect(table.events('key 5000')).toBe(table.events('key 5000'));
  });
});
