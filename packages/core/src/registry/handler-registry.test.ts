import { describe, expect, it } from 'vitest';
import { recordOf } from '../../test/support/records.ts';
import { HandlerRegistry } from './handler-registry.ts';

const getUsers = () => undefined;
const listUsers = () => undefined;

const messageOn = (transport?: string, handle = getUsers) =>
  recordOf('message', 'users.get', handle, transport === undefined ? {} : { transport });

describe('two message handlers for one pattern', () => {
  it.each<[string | undefined, string | undefined, boolean]>([
    [undefined, undefined, true],
    [undefined, 'tcp', true],
    ['tcp', undefined, true],
    ['tcp', 'tcp', true],
    ['tcp', 'redis', false],
  ])('on %s and on %s collide: %s', (first, second, collide) => {
    const registry = new HandlerRegistry();
    registry.add(messageOn(first));
    const add = () => registry.add(messageOn(second, listUsers));
    if (collide) {
      expect(add).toThrow(expect.objectContaining({ name: 'RpcException', code: 409 }) as Error);
      expect(add).toThrow(/"users\.get".*getUsers and listUsers/);
      expect(registry.size).toBe(1);
    } else {
      expect(add).not.toThrow();
    }
  });

  it('name the transport that they collide on', () => {
    const registry = new HandlerRegistry();
    registry.add(messageOn('tcp'));
    registry.add(messageOn('redis'));
    expect(() => registry.add(messageOn(undefined, listUsers))).toThrow(/on tcp/);
  });

  it('collide when they were written differently', () => {
    const registry = new HandlerRegistry();
    registry.add(recordOf('message', { b: 1, a: 2 }));
    expect(() => registry.add(recordOf('message', { a: 2, b: 1 }))).toThrow(/two handlers/);
    registry.add(recordOf('message', 7));
    expect(() => registry.add(recordOf('message', '7'))).toThrow(/two handlers/);
  });
});

describe('a registry', () => {
  it('takes a message and an event of the same name, and many handlers of one event', () => {
    const registry = new HandlerRegistry();
    registry.add(recordOf('message', 'a'));
    registry.add(recordOf('event', 'a'));
    registry.add(recordOf('event', 'a'));
    expect(registry.size).toBe(3);
    expect(registry.forTransport('tcp').events('a')).toHaveLength(2);
  });

  it('gives its undo, which works once', () => {
    const registry = new HandlerRegistry();
    const first = recordOf('event', 'a');
    const undo = registry.add(first);
    registry.add(recordOf('event', 'a'));
    undo();
    undo();
    expect(registry.size).toBe(1);
    expect(registry.forTransport('tcp').events('a')).not.toContain(first);
  });

  it('of a record that was added twice an undo takes away one', () => {
    const registry = new HandlerRegistry();
    const record = recordOf('event', 'a');
    const undo = registry.add(record);
    registry.add(record);
    undo();
    undo();
    expect(registry.size).toBe(1);
  });

  it('has room again for a message whose handler was removed', () => {
    const registry = new HandlerRegistry();
    const undo = registry.add(messageOn());
    undo();
    expect(() => registry.add(messageOn('tcp', listUsers))).not.toThrow();
    expect(registry.forTransport('tcp').message('users.get')?.name).toBe('listUsers');
  });

  it('serves on a transport what is for it or for all', () => {
    const registry = new HandlerRegistry();
    registry.add(recordOf('message', 'all'));
    registry.add(recordOf('message', 'tcp', undefined, { transport: 'tcp' }));
    registry.add(recordOf('message', 'redis', undefined, { transport: 'redis' }));
    expect(registry.forTransport('tcp').routes.messages).toEqual(['all', 'tcp']);
    expect(registry.forTransport('kafka').routes.messages).toEqual(['all']);
  });

  it('gives tables that later handlers do not change', () => {
    const registry = new HandlerRegistry();
    const table = registry.forTransport('tcp');
    registry.add(recordOf('message', 'a'));
    expect(table.message('a')).toBeUndefined();
    expect(table.isEmpty).toBe(true);
  });

  it('prepares each record that is served, once', () => {
    const registry = new HandlerRegistry();
    registry.add(messageOn());
    registry.add(recordOf('message', 'other', undefined, { transport: 'redis' }));
    const prepared: string[] = [];
    const table = registry.forTransport('tcp', (record) => {
      prepared.push(record.key);
      return { ...record, name: 'prepared' };
    });
    expect(table.message('users.get')?.name).toBe('prepared');
    expect(prepared).toEqual(['users.get']);
  });

  it('knows which handlers are limited to which transport', () => {
    const registry = new HandlerRegistry();
    registry.add(messageOn('redis'));
    registry.add(recordOf('event', 'a', listUsers, { transport: 'redis' }));
    registry.add(recordOf('event', 'b'));
    expect([...registry.limitedTo()]).toEqual([['redis', ['getUsers', 'listUsers']]]);
  });
});
