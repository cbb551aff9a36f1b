import { describe, expect, it, vi } from 'vitest';
import { Abortable } from './abortable.ts';

const listener = () => vi.fn<(reason: unknown) => void>();

describe('abort', () => {
  it('tells listeners and the signal, once, with the first reason', () => {
    const abortable = new Abortable();
    const told = listener();
    abortable.onAbort(told);
    const { signal } = abortable;
    abortable.abort('first');
    abortable.abort('second');
    expect(told).toHaveBeenCalledExactlyOnceWith('first');
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBe('first');
    expect(abortable.aborted).toBe(true);
  });

  it('keeps a reason that is undefined', () => {
    const abortable = new Abortable();
    const told = listener();
    abortable.onAbort(told);
    abortable.abort(undefined);
    expect(told).toHaveBeenCalledExactlyOnceWith(undefined);
    expect(abortable.aborted).toBe(true);
  });
});

describe('the signal', () => {
  it('is one, whenever it is asked for', () => {
    const abortable = new Abortable();
    const { signal } = abortable;
    expect(abortable.signal).toBe(signal);
    expect(signal.aborted).toBe(false);
    abortable.abort('x');
    expect(abortable.signal).toBe(signal);
  });

  it('is aborted already when it is asked for too late', () => {
    const abortable = new Abortable();
    abortable.abort('why');
    expect(abortable.signal.aborted).toBe(true);
    expect(abortable.signal.reason).toBe('why');
  });
});

describe('listeners', () => {
  it('are told at once when it is aborted already', () => {
    const abortable = new Abortable();
    abortable.abort('why');
    const told = listener();
    const undo = abortable.onAbort(told);
    expect(told).toHaveBeenCalledExactlyOnceWith('why');
    expect(undo).not.toThrow();
  });

  it('are not told after their undo, which works twice', () => {
    const abortable = new Abortable();
    const [gone, stays] = [listener(), listener()];
    const undo = abortable.onAbort(gone);
    abortable.onAbort(stays);
    undo();
    undo();
    abortable.abort('x');
    expect(gone).not.toHaveBeenCalled();
    expect(stays).toHaveBeenCalledOnce();
  });

  it('may undo one another, and listen anew, while they are told', () => {
    const abortable = new Abortable();
    const [third, late] = [listener(), listener()];
    let undo = () => {};
    abortable.onAbort(() => {
      undo();
      abortable.onAbort(late);
    });
    undo = abortable.onAbort(third);
    abortable.abort('x');
    expect(third).not.toHaveBeenCalled();
    expect(late).toHaveBeenCalledExactlyOnceWith('x');
  });
});
