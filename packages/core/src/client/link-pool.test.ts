import { setImmediate as tick } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { RpcException } from '../errors/index.ts';
import type { Session, SessionState, WaitingCall } from '../session/index.ts';
import { LinkPool, noLink } from './link-pool.ts';

/** A session as the pool sees it. */
class Link {
  readonly requester = { pending: 0 };
  state: SessionState = 'ready';

  get session(): Session {
    return this as unknown as Session;
  }
}

const noLimit = { deadline: Number.POSITIVE_INFINITY, onAbort: undefined };

function poolOf(links: readonly Link[], maxWaiting = 10): LinkPool {
  const pool = new LinkPool('The client "main"', maxWaiting);
  for (const { session } of links) pool.update(session);
  return pool;
}

describe('a call takes', () => {
  it('no link when there is none', () => {
    expect(poolOf([]).pick()).toBeUndefined();
    expect(poolOf([]).isEmpty).toBe(true);
  });

  it('one with the fewest calls under way', () => {
    const links = [3, 1, 2].map((pending) => Object.assign(new Link(), { requester: { pending } }));
    const pool = poolOf(links);
    for (let call = 0; call < 10; call += 1) expect(pool.pick()).toBe(links[1]?.session);
  });

  it('each in turn when they are equal', () => {
    const links = [new Link(), new Link(), new Link()];
    const pool = poolOf(links);
    const picks = Array.from({ length: 9 }, () => pool.pick());
    expect(new Set(picks.slice(0, 3)).size).toBe(3);
    expect(picks.slice(3, 6)).toEqual(picks.slice(0, 3));
  });

  it('a share of them all, whatever they have under way at first', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }), (pending) => {
        const links = pending.map((count) => Object.assign(new Link(), { requester: { pending: count } }));
        const pool = poolOf(links);
        const total = pending.reduce((sum, count) => sum + count, 0);
        for (let call = 0; call < 200; call += 1) (pool.pick() as unknown as Link).requester.pending += 1;
        const counts = links.map(({ requester }) => requester.pending);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total + 200);
      }),
    );
  });

  it.each<SessionState>(['lost', 'draining', 'gone'])('none that is %s, and again one that is ready', (state) => {
    const links = [new Link(), new Link()] as const;
    const pool = poolOf(links);
    links[0].state = state;
    pool.update(links[0].session);
    for (let call = 0; call < 4; call += 1) expect(pool.pick()).toBe(links[1].session);
    links[0].state = 'ready';
    pool.update(links[0].session);
    pool.update(links[0].session);
    expect(new Set(Array.from({ length: 4 }, () => pool.pick())).size).toBe(2);
  });
});

describe('a call that waits for a link', () => {
  const self = (session: Session) => Promise.resolve(session);
  const waitIn = (pool: LinkPool, call: Partial<WaitingCall> = {}) => pool.wait({ ...noLimit, ...call }, self);

  it('goes on with the first that is ready, in the order in which the calls came', async () => {
    const pool = poolOf([]);
    const gone: number[] = [];
    const waiting = [1, 2, 3].map((number) =>
      pool.wait(noLimit, async (session) => {
        gone.push(number);
        return session;
      }),
    );
    expect(pool.waiting).toBe(3);
    const link = new Link();
    pool.update(link.session);
    // Not before the transport, which is telling of its link, has its receiver; and then nobody goes first.
    expect(gone).toEqual([]);
    expect(pool.pick()).toBeUndefined();
    await Promise.resolve();
    expect(gone).toEqual([1, 2, 3]);
    expect(pool.waiting).toBe(0);
    expect(pool.pick()).toBe(link.session);
    expect(await Promise.all(waiting)).toEqual([link.session, link.session, link.session]);
  });

  it('whose going out ends the link has one outcome, and leaves no rejection behind', async () => {
    const pool = poolOf([]);
    const error = new RpcException('cut', { code: 502 });
    const outcomes = [1, 2].map(() =>
      errorOf(
        pool.wait(noLimit, () => {
          // As when the link is lost inside of its own send.
          pool.failWaiting(new RpcException('no link', { code: 503 }));
          return Promise.reject(error);
        }),
      ),
    );
    pool.update(new Link().session);
    expect(await Promise.all(outcomes)).toMatchObject([{ code: 502 }, { code: 503 }]);
  });

  it('has the outcome of what it does then', async () => {
    const pool = poolOf([]);
    const error = new RpcException('no', { code: 409 });
    const failed = errorOf(pool.wait(noLimit, () => Promise.reject(error)));
    pool.update(new Link().session);
    expect(await failed).toBe(error);
  });

  it('is refused with 429 when too many do', async () => {
    const pool = poolOf([], 2);
    const first = [waitIn(pool), waitIn(pool)].map(errorOf);
    expect(await errorOf(waitIn(pool))).toMatchObject({
      code: 429,
      message: expect.stringContaining('"maxWaiting"') as string,
    });
    pool.close(new RpcException('closed', { code: 503 }));
    expect(await Promise.all(first)).toMatchObject([{ code: 503 }, { code: 503 }]);
  });

  it('ends with 408 at its deadline, and does nothing when a link comes later', async () => {
    const pool = poolOf([]);
    const over = vi.fn<() => Promise<void>>();
    const late = pool.wait({ ...noLimit, deadline: performance.now() + 5 }, over);
    expect(await errorOf(late)).toMatchObject({
      code: 408,
      message: expect.stringContaining('The client "main"') as string,
    });
    expect(pool.waiting).toBe(0);
    pool.update(new Link().session);
    expect(over).not.toHaveBeenCalled();
  });

  it('ends with 499 when it is given up, also when that was before', async () => {
    const pool = poolOf([]);
    const onAbort = (listener: (reason: unknown) => void) => {
      listener('enough');
      return () => undefined;
    };
    expect(await errorOf(waitIn(pool, { onAbort }))).toMatchObject({ code: 499 });
    expect(pool.waiting).toBe(0);
  });

  it('ends when all do', async () => {
    const pool = poolOf([]);
    const error = new RpcException('down', { code: 503 });
    const waiting = errorOf(waitIn(pool));
    pool.failWaiting(error);
    expect(await waiting).toBe(error);
  });
});

it('a pool that is closed takes no links any more', async () => {
  const pool = poolOf([new Link()]);
  pool.close(new RpcException('closed', { code: 503 }));
  pool.update(new Link().session);
  await tick();
  expect(pool.pick()).toBeUndefined();
});

describe('noLink', () => {
  it('is 503 with the reason', () => {
    const reason = new Error('ECONNREFUSED');
    expect(noLink('The client "main"', reason)).toMatchObject({
      code: 503,
      cause: reason,
      message: 'The client "main" is not connected: ECONNREFUSED',
    });
    expect(noLink('The client "main"', undefined).message).toBe('The client "main" is not connected');
  });

  it('is what the transport says, when that is 503', () => {
    const reason = new RpcException('down', { code: 503 });
    expect(noLink('x', reason)).toBe(reason);
    expect(noLink('x', new RpcException('lost', { code: 502 })).code).toBe(503);
  });
});
