import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  Controller,
  Ctx,
  checkController,
  controllerRecords,
  EventPattern,
  MessagePattern,
  Payload,
} from '../../src/decorators/index.ts';
import { message } from '../../src/patterns/index.ts';
import { importByEsbuild, importByTsc } from '../support/compile.ts';
import { context, FakeContext, handle, recordsOf } from '../support/controllers.ts';
import type * as Fixture from './fixture.ts';

const file = new URL('fixture.ts', import.meta.url);
const legacy = { experimentalDecorators: true };

const compilers: Readonly<Record<string, () => Promise<typeof Fixture>>> = {
  vitest: () => import('./fixture.ts'),
  esbuild: () => importByEsbuild(file, legacy),
  'esbuild, with fields that are assigned': () => importByEsbuild(file, { ...legacy, useDefineForClassFields: false }),
  tsc: () => importByTsc(file, legacy),
  'tsc, with fields that are assigned': () => importByTsc(file, { ...legacy, useDefineForClassFields: false }),
  'tsc, with metadata that nobody reads': () => importByTsc(file, { ...legacy, emitDecoratorMetadata: true }),
};

describe.for(Object.entries(compilers))('experimentalDecorators, compiled by %s', async ([, load]) => {
  const { defineControllers } = await load();
  const contract = message('by.contract', { idempotent: true });
  const schema = z.object({ id: z.coerce.number() });
  const { Users, Admins, BySymbol, Empty, Plain, Parameters, Overriding, Contradicting, refused } = defineControllers({
    Controller,
    MessagePattern,
    EventPattern,
    Payload,
    Ctx,
    contract,
    schema,
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

  it('hand on what they are told', () => {
    const records = recordsOf(Users);
    expect(records.get('message users.get')?.name).toBe('Users.get');
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
  });

  it('may stand on a method whose name is a symbol', () => {
    expect(handle(BySymbol, 'message by.symbol', 7)).toBe(7);
  });

  it.for(Object.entries(refused))('refuse %s', ([, define]) => {
    expect(define).toThrow(TypeError);
    expect(define).toThrow(
      /@(Message|Event)Pattern on get: only a method|@Payload (stands on a parameter of a method|takes)|@Ctx takes/,
    );
  });

  it('a controller without handlers, or without @Controller, is refused by name', () => {
    expect(() => controllerRecords(new Empty())).toThrow(/Empty has no handlers/);
    expect(() => checkController(Plain)).toThrow(/Plain has no @Controller/);
    for (const type of [Users, Admins]) expect(() => checkController(type)).not.toThrow();
  });

  describe('of parameters', () => {
    it('fill them in any order', () => {
      expect(handle(Parameters, 'message both', 7)).toEqual([context, 7]);
    });

    it('fill them with a part of the payload', () => {
      const data = { address: { city: 'London' }, tags: ['a'] };
      expect(handle(Parameters, 'message path', data)).toEqual(['London', 'a']);
    });

    it.each([undefined, null, 'text', 5, {}, { address: null }, { address: 'x' }, []])(
      'fill a part that is not there with undefined: %j',
      (data) => {
        expect(handle(Parameters, 'message path', data)).toEqual([undefined, undefined]);
      },
    );

    it('see own fields only', () => {
      class Address {
        get city() {
          return 'inherited';
        }
      }
      expect(handle(Parameters, 'message path', { address: new Address(), tags: 'text' })).toEqual([
        undefined,
        undefined,
      ]);
    });

    it('check them by a schema, whose output they get', async () => {
      expect(await handle(Parameters, 'message schema', { id: '7' })).toEqual([{ id: 7 }, { id: '7' }]);
      await expect(async () => handle(Parameters, 'message schema', {})).rejects.toMatchObject({
        code: 422,
        details: [{ path: ['id'] }],
      });
    });

    it('leave those that have none undefined', () => {
      expect(handle(Parameters, 'message some', 7)).toEqual([undefined, 7]);
    });

    it('limit the handler to the transport of its context', () => {
      const records = recordsOf(Parameters);
      expect(records.get('event limited')?.transport).toBe('fake');
      expect(records.get('event limited.twice')?.transport).toBe('fake');
      expect(records.get('message both')?.transport).toBeUndefined();
      expect(handle(Parameters, 'event limited', 7)).toBe(context);
    });

    it('that contradict the handler are refused by name', () => {
      expect(() => controllerRecords(new Contradicting())).toThrow(
        /Contradicting\.on is limited to kafka, and its @Ctx to fake/,
      );
    });

    it('are inherited with their method; an override has its own, or none', () => {
      expect(handle(Overriding, 'message both', 7)).toEqual({ data: 7, context });
      expect(handle(Overriding, 'message path', { name: 'Ada' })).toBe('Ada');
      expect(handle(Overriding, 'message some', 7)).toEqual([undefined, 7]);
    });
  });
});
