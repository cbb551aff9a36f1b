import { describe, expect, it } from 'vitest';
import { type ClientStatus, StatusSource } from './client-status.ts';

function watch(source: StatusSource): { readonly states: string[]; readonly ends: string[]; stop(): void } {
  const states: string[] = [];
  const ends: string[] = [];
  const subscription = source.changes.subscribe({
    next: ({ state }) => states.push(state),
    complete: () => ends.push('complete'),
  });
  return { states, ends, stop: () => subscription.unsubscribe() };
}

describe('the status of a client', () => {
  it('begins as idle, and is told to who subscribes', () => {
    const source = new StatusSource();
    const { states } = watch(source);
    expect(source.current).toMatchObject({ state: 'idle', since: expect.any(Date) as Date });
    expect(states).toEqual(['idle']);
  });

  it('is told as it changes, once for each change', () => {
    const source = new StatusSource();
    const early = watch(source);
    source.set('connecting');
    source.set('connecting');
    const late = watch(source);
    source.set('ready');
    expect(early.states).toEqual(['idle', 'connecting', 'ready']);
    expect(late.states).toEqual(['connecting', 'ready']);
  });

  it('says why, where there is a reason', () => {
    const source = new StatusSource();
    const reason = new Error('ECONNREFUSED');
    source.set('disconnected', reason);
    expect(source.current.reason).toBe(reason);
    source.set('ready');
    expect('reason' in source.current).toBe(false);
  });

  it('ends with closed, for good', () => {
    const source = new StatusSource();
    const before = watch(source);
    source.set('closed');
    source.set('ready');
    const after = watch(source);
    expect(before.states).toEqual(['idle', 'closed']);
    expect(after.states).toEqual(['closed']);
    expect([before.ends, after.ends]).toEqual([['complete'], ['complete']]);
  });

  it('is not told to who has left', () => {
    const source = new StatusSource();
    const { states, stop } = watch(source);
    stop();
    source.set('ready');
    expect(states).toEqual(['idle']);
  });

  it('may be changed, and left, by who is told', () => {
    const source = new StatusSource();
    const seen: string[] = [];
    const first = source.changes.subscribe((status: ClientStatus) => {
      seen.push(status.state);
      if (status.state === 'connecting') {
        first.unsubscribe();
        source.set('ready');
      }
    });
    const { states } = watch(source);
    source.set('connecting');
    expect(seen).toEqual(['idle', 'connecting']);
    expect(states.at(-1)).toBe('ready');
    expect(source.current.state).toBe('ready');
  });

  it('an observer that throws keeps nobody else from knowing', () => {
    const source = new StatusSource();
    const { states } = watch(source);
    source.changes.subscribe({
      next: () => undefined,
    });
    source.set('ready');
    expect(states).toEqual(['idle', 'ready']);
  });
});
