import type { Observable } from 'rxjs';
import { z } from 'zod';
import {
  Controller,
  EventPattern,
  event,
  type MessageContext,
  MessagePattern,
  message,
  type RequestOf,
} from '../../src/index.ts';
import { Anything, GetUser, ListUsers, type PigeonContext, Ping, Saved, Ticked } from './contracts.ts';

/** What goes into the reply's schema of GetUser. */
interface Sent {
  name: string;
  age: number;
}

declare const sent: Sent;
declare const wrong: { name: string; age: string };

const Counted = message('counted', { reply: z.number() });

/** Handlers that fit. */
@Controller()
export class Fitting {
  @MessagePattern(GetUser)
  async get({ id }: RequestOf<typeof GetUser>, ctx: MessageContext): Promise<Sent> {
    return { name: ctx.pattern, age: id };
  }
  @MessagePattern(GetUser)
  now(_data: { id: number }): Sent {
    return sent;
  }
  @MessagePattern(GetUser)
  withoutData(): Sent {
    return sent;
  }
  @MessagePattern(GetUser)
  withWiderData(_data: unknown, _ctx: unknown): Sent {
    return sent;
  }
  @MessagePattern(ListUsers)
  optional(_data?: string): string {
    return 'a';
  }
  @MessagePattern(Ping)
  anything(_data: unknown): Date {
    return new Date();
  }
  @MessagePattern('bare')
  bare(_data: { any: 'type' }): Date {
    return new Date();
  }
  @EventPattern(Saved)
  on(_data: { at: number }): void {}
  @EventPattern(Saved)
  async onLater(_data: { at: number }): Promise<void> {}
  @EventPattern(Ticked)
  onTick(_data: string | undefined): void {}
  @EventPattern(Anything)
  onAnything(_data: unknown): void {}
  @EventPattern('user.*')
  onBare(_data: { any: 'type' }): void {}
}

declare const asyncIterable: AsyncIterable<Sent>;
declare const observable: Observable<Sent>;

/** Streams of replies that fit. */
@Controller()
export class Streaming {
  @MessagePattern(GetUser)
  async *generator(_data: { id: number }, _ctx: MessageContext) {
    yield sent;
  }
  @MessagePattern(GetUser)
  iterable() {
    return asyncIterable;
  }
  @MessagePattern(GetUser)
  observable() {
    return observable;
  }
  @MessagePattern(GetUser)
  async iterableLater() {
    return asyncIterable;
  }
  @MessagePattern(GetUser)
  async observableLater() {
    return observable;
  }
  @MessagePattern(GetUser)
  oneOrMany(): Sent | AsyncIterable<Sent> {
    return sent;
  }
  @MessagePattern('a')
  async *bare(_data: { any: 'type' }) {
    yield 1;
  }
}

declare const wrongIterable: AsyncIterable<typeof wrong>;
declare const wrongObservable: Observable<typeof wrong>;

/** Replies and streams of the wrong type. */
@Controller()
export class WrongReplies {
  // @ts-expect-error
  @MessagePattern(GetUser)
  value() {
    return wrong;
  }
  // @ts-expect-error
  @MessagePattern(GetUser)
  async later() {
    return wrong;
  }
  // @ts-expect-error
  @MessagePattern(GetUser)
  nothing() {}
  // @ts-expect-error
  @MessagePattern(GetUser)
  async *generator() {
    yield wrong;
  }
  // @ts-expect-error
  @MessagePattern(GetUser)
  iterable() {
    return wrongIterable;
  }
  // @ts-expect-error
  @MessagePattern(GetUser)
  observable() {
    return wrongObservable;
  }
  // @ts-expect-error
  @MessagePattern(GetUser)
  async iterableLater() {
    return wrongIterable;
  }
  // @ts-expect-error
  @MessagePattern(GetUser)
  async observableLater() {
    return wrongObservable;
  }
  // @ts-expect-error -- an array is one reply, not many
  @MessagePattern(GetUser)
  array() {
    return [sent];
  }
  // @ts-expect-error -- a generator that is not async is no stream
  @MessagePattern(Counted)
  *synchronous() {
    yield 1;
  }
}

/** Data of the wrong type. */
@Controller()
export class WrongData {
  // @ts-expect-error -- text is what goes into the schema
  @MessagePattern(GetUser)
  get(_data: { id: string }): Sent {
    return sent;
  }
  // @ts-expect-error -- undefined comes, too
  @MessagePattern(ListUsers)
  list(_data: string): string {
    return 'a';
  }
  // @ts-expect-error
  @EventPattern(Saved)
  on(_data: { at: string }): void {}
  // @ts-expect-error
  @EventPattern(Ticked)
  onTick(_data: string): void {}
  // @ts-expect-error -- nobody checks what comes
  @MessagePattern(Ping)
  unchecked(_data: string) {}
  // @ts-expect-error -- there is no third argument
  @MessagePattern(Ping)
  ping(_data: unknown, _ctx: MessageContext, _more: string) {}
}

/** The context of a transport is there on that transport only. */
@Controller()
export class Contexts {
  @MessagePattern(GetUser, 'pigeon')
  get(_data: { id: number }, ctx: PigeonContext): Sent {
    return { name: 'a', age: ctx.ring };
  }
  @MessagePattern('a', { transport: 'pigeon' })
  bare(_data: string, _ctx: PigeonContext) {}
  @EventPattern(Saved, 'pigeon')
  on(_data: { at: number }, _ctx: PigeonContext) {}
  @EventPattern('user.*', { transport: 'pigeon', broadcast: true })
  onBare(_data: string, _ctx: PigeonContext) {}
  @EventPattern(Saved, 'pigeon')
  onWider(_data: { at: number }, _ctx: MessageContext) {}
  @MessagePattern('b', 'carrier')
  unknownTransport(_data: string, _ctx: MessageContext) {}
}

@Controller()
export class WrongContexts {
  // @ts-expect-error
  @MessagePattern(GetUser)
  get(_data: { id: number }, _ctx: PigeonContext): Sent {
    return sent;
  }
  // @ts-expect-error
  @MessagePattern('a')
  bare(_data: string, _ctx: PigeonContext) {}
  // @ts-expect-error
  @EventPattern(Saved)
  on(_data: { at: number }, _ctx: PigeonContext) {}
  // @ts-expect-error
  @EventPattern('user.*', { broadcast: true })
  onBare(_data: string, _ctx: PigeonContext) {}
  // @ts-expect-error
  @MessagePattern('b', 'carrier')
  ofAnother(_data: string, _ctx: PigeonContext) {}
  // @ts-expect-error
  @MessagePattern('c')
  noContext(_data: string, _ctx: number) {}
}

/** Contracts of the wrong kind, options that do not exist, and what is no method. */
@Controller()
export class WrongTargets {
  // @ts-expect-error
  @MessagePattern(Saved)
  event() {}
  // @ts-expect-error
  @EventPattern(GetUser)
  message() {}
  // @ts-expect-error
  @MessagePattern(true)
  noPattern() {}
  // @ts-expect-error -- of events only
  @MessagePattern('a', { broadcast: true })
  option() {}
  // @ts-expect-error
  @EventPattern('a', { brodcast: true })
  typo() {}
  // @ts-expect-error
  @EventPattern('a', { retry: { tries: 1 } })
  retry() {}
  @EventPattern(event('b'), { retry: { attempts: 1, backoff: { initial: 1 } }, broadcast: false })
  options() {}
  // @ts-expect-error
  @MessagePattern('c')
  field = 1;
  // @ts-expect-error
  @MessagePattern('d')
  get getter() {
    return 1;
  }
}

// @ts-expect-error -- an instance is no class
Controller()(new Fitting());
