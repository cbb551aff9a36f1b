import type { Observable } from 'rxjs';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { CallOptions, ClientProxy, MessageContext, StreamOptions } from '../../src/index.ts';
import { Anything, GetUser, ListUsers, NumberFromText, Ping, Saved, Ticked } from './contracts.ts';

declare const client: ClientProxy;
declare const ctx: MessageContext;

interface User {
  name: string;
  age: string;
}

describe('a call by a contract', () => {
  it('gives the output of the reply', () => {
    expectTypeOf(client.send(GetUser, { id: '7' })).toEqualTypeOf<Promise<User>>();
    expectTypeOf(client.stream(GetUser, { id: '7' })).toEqualTypeOf<AsyncIterable<User>>();
    expectTypeOf(client.sendAsObservable(GetUser, { id: '7' })).toEqualTypeOf<Observable<User>>();
    expectTypeOf(client.emit(Saved, { at: '7' })).toEqualTypeOf<Promise<void>>();
  });

  it('takes the input of the request', () => {
    // @ts-expect-error -- a number is what the handler gets
    void client.send(GetUser, { id: 7 });
    // @ts-expect-error
    void client.stream(GetUser, { id: 7 });
    // @ts-expect-error
    void client.sendAsObservable(GetUser, { id: 7 });
    // @ts-expect-error
    void client.emit(Saved, { at: 7 });
    // @ts-expect-error -- a field too many
    void client.send(GetUser, { id: '7', page: 1 });
    // @ts-expect-error -- a field too few
    void client.send(GetUser, {});
  });

  it('needs its data, unless undefined fits', () => {
    // @ts-expect-error
    void client.send(GetUser);
    // @ts-expect-error
    void client.stream(GetUser);
    // @ts-expect-error
    void client.sendAsObservable(GetUser);
    // @ts-expect-error
    void client.emit(Saved);
    // @ts-expect-error
    void client.send(GetUser, undefined);
    expectTypeOf(client.send(ListUsers)).toEqualTypeOf<Promise<string>>();
    expectTypeOf(client.send(ListUsers, undefined, { timeout: 1 })).toEqualTypeOf<Promise<string>>();
    expectTypeOf(client.send(ListUsers, 'a')).toEqualTypeOf<Promise<string>>();
    void client.emit(Ticked);
    void client.emit(Ticked, 'now');
    // @ts-expect-error
    void client.send(ListUsers, 7);
    // @ts-expect-error
    void client.emit(Ticked, 7);
  });

  it('without schemas takes anything, and gives unknown', () => {
    expectTypeOf(client.send(Ping)).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(client.send(Ping, { any: 'thing' })).toEqualTypeOf<Promise<unknown>>();
    void client.emit(Anything);
    void client.emit(Anything, new Date());
  });

  it('is of the contract’s kind', () => {
    // @ts-expect-error -- an event has no reply
    void client.send(Saved, { at: '7' });
    // @ts-expect-error
    void client.stream(Saved, { at: '7' });
    // @ts-expect-error
    void client.sendAsObservable(Saved, { at: '7' });
    // @ts-expect-error
    void client.send(Anything);
    // @ts-expect-error -- a message wants its reply
    void client.emit(GetUser, { id: '7' });
    // @ts-expect-error
    void client.emit(Ping);
  });
});

describe('a call by a bare pattern', () => {
  it('takes anything, and gives unknown', () => {
    expectTypeOf(client.send('users.get')).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(client.send({ cmd: 'get', v: 1 }, { id: 7 })).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(client.stream(7, 'a')).toEqualTypeOf<AsyncIterable<unknown>>();
    expectTypeOf(client.sendAsObservable('a')).toEqualTypeOf<Observable<unknown>>();
    expectTypeOf(client.emit('saved', 1, { key: 'a' })).toEqualTypeOf<Promise<void>>();
  });

  it('must be a pattern', () => {
    // @ts-expect-error
    void client.send(true);
    // @ts-expect-error
    void client.send(['a']);
    // @ts-expect-error
    void client.send(undefined);
    // @ts-expect-error
    void client.emit({ cmd: () => 1 });
  });
});

describe('responseType', () => {
  it('gives its output, whatever the contract says', () => {
    const responseType = z.array(NumberFromText);
    expectTypeOf(client.send('a', 1, { responseType })).toEqualTypeOf<Promise<number[]>>();
    expectTypeOf(client.stream('a', 1, { responseType })).toEqualTypeOf<AsyncIterable<number[]>>();
    expectTypeOf(client.sendAsObservable('a', 1, { responseType })).toEqualTypeOf<Observable<number[]>>();
    expectTypeOf(client.send(GetUser, { id: '7' }, { responseType })).toEqualTypeOf<Promise<number[]>>();
    expectTypeOf(client.send(Ping, undefined, { responseType })).toEqualTypeOf<Promise<number[]>>();
    expectTypeOf(ctx.send(GetUser, { id: '7' }, { responseType })).toEqualTypeOf<Promise<number[]>>();
  });

  it('is not there in options that do not say so', () => {
    const options: CallOptions = { timeout: 1 };
    expectTypeOf(client.send(GetUser, { id: '7' }, options)).toEqualTypeOf<Promise<User>>();
    const streamOptions: StreamOptions = { timeout: 1 };
    expectTypeOf(client.stream(GetUser, { id: '7' }, streamOptions)).toEqualTypeOf<AsyncIterable<User>>();
  });

  it('must be a schema, and is none of an event', () => {
    // @ts-expect-error
    void client.send('a', 1, { responseType: Number });
    // @ts-expect-error
    void client.emit('a', 1, { responseType: z.string() });
  });
});

describe('the options of a call', () => {
  it('are checked', () => {
    const signal = new AbortController().signal;
    void client.send('a', 1, { timeout: 1, signal, headers: { a: 'b' }, retry: { attempts: 2, backoff: { max: 1 } } });
    void client.stream('a', 1, { timeout: 1, buffer: 3 });
    void client.emit('a', 1, { timeout: 1, key: 'k', retry: { attempts: 2 } });
    // @ts-expect-error
    void client.send('a', 1, { timout: 1 });
    // @ts-expect-error
    void client.send(GetUser, { id: '7' }, { timout: 1 });
    // @ts-expect-error -- of streams only
    void client.send('a', 1, { buffer: 1 });
    // @ts-expect-error -- of events only
    void client.send('a', 1, { key: 'k' });
    // @ts-expect-error
    void client.stream('a', 1, { key: 'k' });
    // @ts-expect-error
    void client.emit('a', 1, { buffer: 1 });
    // @ts-expect-error
    void client.send('a', 1, { timeout: '1 s' });
    // @ts-expect-error
    void client.send('a', 1, { headers: { a: 1 } });
    // @ts-expect-error
    void client.send('a', 1, { retry: { backoff: { max: 1 } } });
    // @ts-expect-error
    void client.send('a', 1, { retry: { attempts: 1, times: 2 } });
  });
});

describe('a context', () => {
  it('calls as a client does', () => {
    expectTypeOf(ctx.send(GetUser, { id: '7' })).toEqualTypeOf<Promise<User>>();
    expectTypeOf(ctx.send(ListUsers)).toEqualTypeOf<Promise<string>>();
    expectTypeOf(ctx.send('a')).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(ctx.stream(GetUser, { id: '7' })).toEqualTypeOf<AsyncIterable<User>>();
    expectTypeOf(ctx.emit(Saved, { at: '7' })).toEqualTypeOf<void>();
    expectTypeOf(ctx.emitWait(Saved, { at: '7' })).toEqualTypeOf<Promise<void>>();
    ctx.emit(Ticked);
    ctx.emit('a', 1, { key: 'k' });
    // @ts-expect-error
    void ctx.send(GetUser, { id: 7 });
    // @ts-expect-error
    void ctx.send(GetUser);
    // @ts-expect-error
    void ctx.stream(GetUser, { id: 7 });
    // @ts-expect-error
    ctx.emit(Saved, { at: 7 });
    // @ts-expect-error
    void ctx.emitWait(Saved);
    // @ts-expect-error
    void ctx.send(Saved, { at: '7' });
    // @ts-expect-error
    ctx.emit(GetUser, { id: '7' });
    // @ts-expect-error
    void ctx.send('a', 1, { timout: 1 });
  });
});
