import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { handled } from '../../test/support/handled.ts';
import { currentContext, originContext } from './context-storage.ts';
import { HandlerFrame, outsideOfHandlers } from './handler-frame.ts';
import { type HandledMessage, MessageContext } from './message-context.ts';

const contextOf = (overrides?: Partial<HandledMessage>) => new MessageContext(handled(overrides));

/** A frame whose handler has answered so often without a promise that its messages share one. */
function provenFrame(): HandlerFrame {
  const frame = new HandlerFrame(outsideOfHandlers());
  for (let index = 0; index < 1000; index += 1) frame.run(() => index, undefined, contextOf());
  return frame;
}

describe.each([
  ['a handler that is new', () => new HandlerFrame(outsideOfHandlers())],
  ['one that has never given a promise', provenFrame],
])('%s', (_name, make) => {
  it('runs with its data and its context, which is over when it has returned', () => {
    const frame = make();
    const [one, two] = [contextOf(), contextOf()];
    const handler = (data: number, context: MessageContext) => [data, currentContext() === context];
    expect(frame.run(handler, 1, one)).toEqual([1, true]);
    expect(frame.run(handler, 2, two)).toEqual([2, true]);
    expect(currentContext()).toBeUndefined();
  });

  it('may be called in the middle of itself', () => {
    const frame = make();
    const [outer, inner] = [contextOf(), contextOf()];
    const seen = frame.run(
      () => [
        currentContext() === outer,
        frame.run(() => currentContext() === inner, undefined, inner),
        currentContext() === outer,
      ],
      undefined,
      outer,
    );
    expect(seen).toEqual([true, true, true]);
  });

  it('may throw, and has no context afterwards', () => {
    const frame = make();
    const thrower = () => {
      throw new Error('x');
    };
    expect(() => frame.run(thrower, undefined, contextOf())).toThrow('x');
    expect(currentContext()).toBeUndefined();
    const context = contextOf();
    expect(frame.run(() => currentContext(), undefined, context)).toBe(context);
  });

  it('keeps its context through its awaits, while others run, from its first promise on', async () => {
    const frame = make();
    const contexts = [contextOf(), contextOf(), contextOf()];
    const handler = async (_data: unknown, context: MessageContext) => {
      const seen = [currentContext() === context];
      for (let step = 0; step < 3; step += 1) {
        await tick();
        seen.push(currentContext() === context);
      }
      return seen;
    };
    const running = contexts.map((context) => {
      const promise = frame.run(handler, undefined, context);
      frame.goesOn(context);
      return promise;
    });
    expect(await Promise.all(running)).toEqual(contexts.map(() => [true, true, true, true]));
  });

  it('has no context in what it has left running, whoever runs meanwhile', async () => {
    const frame = make();
    const left: (MessageContext | undefined)[] = [];
    const leaver = (_data: unknown, context: MessageContext) => {
      setImmediate(() => left.push(currentContext()));
      return context;
    };
    const over = contextOf({ over: true });
    frame.run(leaver, undefined, over);
    frame.run(() => 1, undefined, contextOf());
    await tick();
    await tick();
    expect(left).toEqual([undefined]);
  });

  it('passes nothing on to the next message that it sets in another AsyncLocalStorage', () => {
    const frame = make();
    const user = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    for (const name of ['ann', 'bob']) {
      frame.run(
        () => {
          seen.push(user.getStore());
          user.enterWith(name);
          seen.push(user.getStore());
        },
        undefined,
        contextOf(),
      );
    }
    expect(seen).toEqual([undefined, 'ann', undefined, 'bob']);
    expect(user.getStore()).toBeUndefined();
  });

  it('made in a handler does not hold on to that one’s context', () => {
    const outer = contextOf();
    const frame = new HandlerFrame(outsideOfHandlers()).run(make, undefined, outer);
    expect(frame.run(() => originContext() === outer, undefined, contextOf())).toBe(false);
  });
});

describe('a handler that gives its first promise after a long time', () => {
  it('runs its later messages each in a frame of their own', async () => {
    const frame = provenFrame();
    const first = contextOf();
    const release = Promise.withResolvers<void>();
    const wait = async () => {
      await release.promise;
      return currentContext();
    };
    const held = frame.run(wait, undefined, first);
    frame.goesOn(first);
    const second = contextOf();
    expect(frame.run(() => currentContext(), undefined, second)).toBe(second);
    release.resolve();
    expect(await held).toBe(first);
  });
});
