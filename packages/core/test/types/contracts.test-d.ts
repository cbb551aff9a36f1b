import * as v from 'valibot';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  type ClientProxy,
  type EventContract,
  event,
  type MessageContract,
  message,
  type PayloadOf,
  type ReplyOf,
  type RequestOf,
} from '../../src/index.ts';
import type { Anything, GetUser, ListUsers, Ping, Saved, Ticked } from './contracts.ts';
import { NumberFromText, TextFromNumber } from './contracts.ts';

declare const client: ClientProxy;

describe('the types of a contract', () => {
  it('are what its schemas put out', () => {
    expectTypeOf<RequestOf<typeof GetUser>>().toEqualTypeOf<{ id: number }>();
    expectTypeOf<ReplyOf<typeof GetUser>>().toEqualTypeOf<{ name: string; age: string }>();
    expectTypeOf<PayloadOf<typeof Saved>>().toEqualTypeOf<{ at: number }>();
    expectTypeOf<RequestOf<typeof ListUsers>>().toEqualTypeOf<string | undefined>();
    expectTypeOf<PayloadOf<typeof Ticked>>().toEqualTypeOf<string | undefined>();
  });

  it('are unknown where it has no schema', () => {
    expectTypeOf<RequestOf<typeof Ping>>().toBeUnknown();
    expectTypeOf<ReplyOf<typeof Ping>>().toBeUnknown();
    expectTypeOf<PayloadOf<typeof Anything>>().toBeUnknown();
  });

  it('are those of any Standard Schema', () => {
    const Page = message('page', { request: v.object({ size: v.pipe(v.string(), v.transform(Number)) }) });
    expectTypeOf<RequestOf<typeof Page>>().toEqualTypeOf<{ size: number }>();
    expectTypeOf<Parameters<typeof client.send<typeof Page>>[1]>().toEqualTypeOf<{ size: string }>();
  });

  it('are of its kind only', () => {
    // @ts-expect-error
    expectTypeOf<RequestOf<typeof Saved>>();
    // @ts-expect-error
    expectTypeOf<ReplyOf<typeof Saved>>();
    // @ts-expect-error
    expectTypeOf<PayloadOf<typeof GetUser>>();
  });
});

describe('a contract', () => {
  it('has the types of its schemas', () => {
    expectTypeOf(message('a')).toEqualTypeOf<MessageContract>();
    expectTypeOf(message('a', { request: NumberFromText })).toEqualTypeOf<MessageContract<typeof NumberFromText>>();
    expectTypeOf(message('a', { reply: TextFromNumber })).toEqualTypeOf<
      MessageContract<undefined, typeof TextFromNumber>
    >();
    expectTypeOf(event('a')).toEqualTypeOf<EventContract>();
    expectTypeOf(event('a', { payload: NumberFromText })).toEqualTypeOf<EventContract<typeof NumberFromText>>();
  });

  it('may say that handling it twice is as good as once', () => {
    expectTypeOf(message('a', { idempotent: true })).toEqualTypeOf<MessageContract>();
    expectTypeOf(event({ cmd: 'a' }, { idempotent: false })).toEqualTypeOf<EventContract>();
  });

  it('has patterns, schemas and options only', () => {
    // @ts-expect-error
    message(true);
    // @ts-expect-error
    event(undefined);
    // @ts-expect-error
    message('a', { request: Number });
    // @ts-expect-error
    message('a', { response: z.string() });
    // @ts-expect-error
    message('a', { payload: z.string() });
    // @ts-expect-error
    event('a', { request: z.string() });
    // @ts-expect-error
    event('a', { idempotent: 'yes' });
  });
});
