import { describe, expect, it } from 'vitest';
import {
  Controller,
  checkController,
  controllerRecords,
  EventPattern,
  MessagePattern,
} from '../../src/decorators/index.ts';
import { message } from '../../src/patterns/index.ts';
import { importByEsbuild, importByTsc } from '../support/compile.ts';
import { context, FakeContext, handle, recordsOf } from '../support/controllers.ts';
import type * as Fixture from './fixture.ts';

const file = new URL('fixture.ts', import.meta.url);
const standard = { experimentalDecorators: false };

const compilers: Readonly<Record<string, () => Promise<typeof Fixture>>> = {
  vitest: () => import('./fixture.ts'),
  esbuild: () => importByEsbuild(file, standard),
  'esbuild, with fields that are assigned': () =>
    importByEsbuild(file, { ...standard, useDefineForClassFields: false }),
  tsc: () => importByTsc(file, standard),
  'tsc, with fields that are assigned': () => importByTsc(file, { ...standard, useDefineForClassFields: false }),
};

describe.for(Object.entries(compilers))('standard decorators, compiled by %s', async ([, load]) => {
  const { defineControllers } = await load();
  const contract = message('by.contract', { idempotent: true });
  const { Users, Admins, BySymbol, Empty, Plain, refused } = defineControllers({
    Controller,
    MessagePattern,
    EventPattern,
    contract,
    FakeContext,
  });

  it('declare the handlers of a class, and nothing else', () => {
    expect([...recordsOf(Users).keys()].sort()).toEqual([
      'event config.changed',
      'event config.deleted',
      'event user.*',
      'message by.contract',
      'message users.get',
      'message wrapped.inside',
      'message wrapped.outside',
      'message {"cmd":"list","v":1}',
    ]);
  });

  it('name them by class and method', () => {
    expect(recordsOf(Users).get('message users.get')?.name).toBe('Users.get');
    expect(recordsOf(Admins).get('message users.get')?.name).toBe('Admins.get');
  });

  it('hand on what they are told', () => {
    const records = recordsOf(Users);
    expect(records.get('message by.contract')).toMatchObject({ idempotent: true, transport: undefined });
    expect(records.get('event user.*')).toMatchObject({ transport: 'fake', wildcard: true });
    expect(records.get('event config.changed')).toMatchObject({ broadcast: true, retry: { attempts: 2 } });
    expect(records.get('event config.deleted')).toMatchObject({ broadcast: false, retry: undefined });
  });

  it('call the method on its instance, with the payload and the context', () => {
    expect(handle(Users, 'message users.get', 7)).toEqual(['hello', 'secret', 7, context]);
  });

  it('call what another decorator has put in its place', () => {
    for (const key of ['message wrapped.outside', 'message wrapped.inside'])
      expect(handle(Users, key, 7)).toEqual(['wrapped', 7]);
  });

  it('declare for each instance anew', () => {
    const [one, two] = [new Users(), new Users()];
    expect(controllerRecords(one)).toHaveLength(controllerRecords(two).length);
    expect(controllerRecords(one)).toHaveLength(8);
  });

  it('look the method up when it is called, so that a test may put another in its place', () => {
    const users = new Users();
    const record = controllerRecords(users).find(({ key }) => key === 'users.get');
    users.get = () => 'spied';
    expect(record?.handle(1, context)).toBe('spied');
  });

  it('are inherited, and overridden with or without being repeated', () => {
    expect([...recordsOf(Admins).keys()].sort()).toEqual([...recordsOf(Users).keys(), 'message admins.only'].sort());
    expect(handle(Admins, 'message users.get', 7)).toEqual(['good day', 'secret', 7, context]);
    expect(handle(Admins, 'message by.contract', 7)).toEqual(['Admins', 7]);
    expect(handle(Admins, 'message {"cmd":"list","v":1}')).toBe('Admins.list');
    expect(handle(Users, 'message {"cmd":"list","v":1}')).toBe('Users.list');
  });

  it('of an override win', () => {
    expect(handle(Admins, 'event config.changed')).toBe('Admins.onConfig');
    expect(recordsOf(Admins).get('event config.changed')).toMatchObject({ broadcast: false, retry: { attempts: 7 } });
    expect(recordsOf(Users).get('event config.changed')).toMatchObject({ broadcast: true, retry: { attempts: 2 } });
    expect(recordsOf(Admins).get('event config.deleted')?.name).toBe('Admins.onConfig');
  });

  it('may stand on a method whose name is a symbol', () => {
    expect(handle(BySymbol, 'message by.symbol', 7)).toBe(7);
    expect(recordsOf(BySymbol).get('message by.symbol')?.name).toBe('BySymbol.Symbol(hidden)');
  });

  it('leave no trace that one would trip over', () => {
    expect(Object.keys(new Users())).toEqual(['greeting']);
    expect(JSON.stringify(new Users())).toBe('{"greeting":"hello"}');
  });

  it.for(Object.entries(refused))('refuse %s, and say where it is', ([, define]) => {
    expect(define).toThrow(TypeError);
    expect(define).toThrow(/@(Message|Event)Pattern on #?get: only a (public )?method/);
  });

  it('a controller without handlers is refused by name', () => {
    expect(() => controllerRecords(new Empty())).toThrow(/Empty has no handlers/);
  });

  it('a class without @Controller is refused by name', () => {
    expect(() => checkController(Plain)).toThrow(/Plain has no @Controller/);
    for (const type of [Users, Admins]) expect(() => checkController(type)).not.toThrow();
  });
});
