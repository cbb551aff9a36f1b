import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { AcknowledgedClock } from './clock.ts';

// It stands still between two looks at it, however long this process waits for its turn.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.advanceTimersByTime(10_000);
});
afterAll(() => void vi.useRealTimers());

/** What the clock says minus what it should say. */
function error(clock: AcknowledgedClock, ahead: number): number {
  return (clock.now() ?? NaN) - (performance.now() + ahead);
}

it('knows nothing before the first acknowledgement', () => {
  const clock = new AcknowledgedClock();
  expect(clock.now()).toBeUndefined();
  expect(clock.uncertainty).toBe(Infinity);
});

it('is right within its uncertainty, which fast round trips narrow and slow ones do not widen', () => {
  const clock = new AcknowledgedClock();
  const ahead = 1_700_000_000_000.6;
  const now = performance.now();
  clock.learn(Math.floor(now - 40 + ahead), now - 100, now);
  expect(Math.abs(error(clock, ahead))).toBeLessThanOrEqual(clock.uncertainty + 1);
  expect(clock.uncertainty).toBeLessThan(51);
  clock.learn(Math.floor(now - 1 + ahead), now - 2, now);
  const narrow = clock.uncertainty;
  expect(narrow).toBeLessThan(2);
  clock.learn(Math.floor(now - 400 + ahead), now - 1000, now);
  expect(clock.uncertainty).toBeLessThan(narrow + 1);
  expect(Math.abs(error(clock, ahead))).toBeLessThanOrEqual(clock.uncertainty + 1);
});

it('follows a broker’s clock that is set, in either direction', () => {
  const clock = new AcknowledgedClock();
  for (const ahead of [1_000_000.6, 1_060_000.6, 990_000.6]) {
    const now = performance.now();
    clock.learn(Math.floor(now - 1 + ahead), now - 2, now);
    expect(Math.abs(error(clock, ahead))).toBeLessThan(4);
  }
});
