import { describe, expect, it } from 'vitest';
import { disturbance, isDisturbed, machineTime, parseStat } from '../src/measure/machine.ts';

describe("the machine's time", () => {
  it('is read from /proc/stat', () => {
    const text = 'cpu  100 10 50 800 20 5 5 10 7 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n';
    expect(parseStat(text)).toEqual({ total: 1000, busy: 170, stolen: 10 });
  });

  it('goes on', () => {
    const before = machineTime();
    const after = machineTime();
    // What was idle or waited may be taken back, says proc_stat(5); work is not.
    expect(after.busy).toBeGreaterThanOrEqual(before.busy);
  });

  it('is told apart from what the bench used itself', () => {
    const before = { total: 0, busy: 0, stolen: 0 };
    const after = { total: 200, busy: 120, stolen: 10 };
    expect(disturbance(before, after, 1_000_000)).toEqual({ stolen: 0.05, others: 0.1 });
    // A tick is 10 ms: what was used can be more than what was counted.
    expect(disturbance(before, after, 1_300_000).others).toBe(0);
    expect(disturbance(before, before, 5)).toEqual({ stolen: 0, others: 0 });
  });

  it('counts as disturbed when much of it went elsewhere', () => {
    expect(isDisturbed({ stolen: 0, others: 0.05 })).toBe(false);
    expect(isDisturbed({ stolen: 0.05, others: 0 })).toBe(true);
    expect(isDisturbed({ stolen: 0, others: 0.3 })).toBe(true);
  });
});
