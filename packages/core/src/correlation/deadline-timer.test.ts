import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { maxTimerDelay } from '../seam/index.ts';
import { DeadlineTimer } from './deadline-timer.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Deadlines as an owner would keep them: a sweep ends what is due. */
class Owner {
  readonly deadlines = new Set<number>();
  readonly ended: { readonly deadline: number; readonly at: number }[] = [];
  sweeps = 0;
  readonly timer = new DeadlineTimer((now) => {
    this.sweeps += 1;
    for (const deadline of this.deadlines) {
      if (deadline > now) continue;
      this.deadlines.delete(deadline);
      this.ended.push({ deadline, at: now });
    }
    return Math.min(...this.deadlines);
  });

  addIn(milliseconds: number): void {
    const deadline = performance.now() + milliseconds;
    this.deadlines.add(deadline);
    this.timer.add(deadline);
  }
}

describe('one timer for many deadlines', () => {
  it('ends each at its time, in whatever order they came', () => {
    const owner = new Owner();
    for (const delay of [500, 100, 300, 100.5, 900]) owner.addIn(delay);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(owner.ended.map(({ deadline }) => deadline)).toEqual(
      [...owner.ended.map(({ deadline }) => deadline)].sort((a, b) => a - b),
    );
    expect(owner.ended).toHaveLength(5);
    for (const { deadline, at } of owner.ended) {
      expect(at).toBeGreaterThanOrEqual(deadline);
      expect(at - deadline).toBeLessThanOrEqual(1);
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not sweep when later deadlines are added', () => {
    const owner = new Owner();
    for (let delay = 100; delay < 200; delay += 1) owner.addIn(delay);
    vi.advanceTimersByTime(99);
    expect(owner.sweeps).toBe(0);
  });

  it('goes on for those that are left when the soonest has gone before its time', () => {
    const owner = new Owner();
    owner.addIn(100);
    owner.deadlines.clear();
    owner.addIn(250);
    vi.advanceTimersByTime(300);
    expect(owner.ended).toHaveLength(1);
    expect(owner.sweeps).toBe(2);
  });

  it('has no timer when the only deadline is none', () => {
    const owner = new Owner();
    owner.timer.add(Number.POSITIVE_INFINITY);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sweeps soon for a deadline that has passed', () => {
    const owner = new Owner();
    owner.addIn(-5000);
    vi.advanceTimersByTime(1);
    expect(owner.ended).toHaveLength(1);
  });

  it('waits for a deadline that no single timer can wait for', () => {
    const owner = new Owner();
    owner.addIn(maxTimerDelay * 2 + 10);
    vi.advanceTimersByTime(maxTimerDelay * 2);
    expect(owner.ended).toHaveLength(0);
    vi.advanceTimersByTime(11);
    expect(owner.ended).toHaveLength(1);
  });

  it('sweeps again when the clock of timers runs ahead of that of deadlines', () => {
    const sweeps: number[] = [];
    const timer: DeadlineTimer = new DeadlineTimer((now) => {
      sweeps.push(now);
      return sweeps.length < 3 ? now + 0.5 : Number.POSITIVE_INFINITY;
    });
    timer.add(performance.now() + 10);
    vi.advanceTimersByTime(20);
    expect(sweeps).toHaveLength(3);
  });
});

describe('inside of a sweep', () => {
  it('a deadline may be added that is sooner than what the sweep gives', () => {
    const fired: number[] = [];
    const timer: DeadlineTimer = new DeadlineTimer((now) => {
      fired.push(now);
      if (fired.length === 1) timer.add(now + 10);
      return fired.length === 1 ? now + 1000 : Number.POSITIVE_INFINITY;
    });
    timer.add(performance.now() + 5);
    vi.advanceTimersByTime(50);
    expect(fired).toHaveLength(2);
  });

  it('the timer may be cleared, and stays so', () => {
    const timer: DeadlineTimer = new DeadlineTimer((now) => {
      timer.clear();
      return now + 10;
    });
    timer.add(performance.now() + 5);
    vi.advanceTimersByTime(1000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('clear', () => {
  it('leaves nothing, and the timer can be used again', () => {
    const owner = new Owner();
    owner.addIn(100);
    owner.timer.clear();
    owner.timer.clear();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(200);
    expect(owner.sweeps).toBe(0);
    owner.addIn(100);
    vi.advanceTimersByTime(200);
    expect(owner.sweeps).toBeGreaterThan(0);
  });
});
