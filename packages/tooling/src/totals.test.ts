import { expect, test } from 'vitest';
import { toTotals } from './test-reports.ts';
import { add, fail, nothing, pass, totalsLine } from './totals.ts';

const report = { success: true, numPassedTests: 5, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };

test('the line names passed and failed, and skipped only when there are any', () => {
  expect(totalsLine(add(add(nothing, pass), fail))).toBe('1 passed, 1 failed');
  expect(totalsLine({ passed: 3, failed: 0, skipped: 2 })).toBe('3 passed, 0 failed, 2 skipped');
});

test('a report counts its tests, and pending and todo ones as skipped', () => {
  expect(toTotals({ ...report, numPendingTests: 2, numTodoTests: 1 })).toEqual({ passed: 5, failed: 0, skipped: 3 });
});

test('a run that failed without a failing test counts as one failure', () => {
  expect(toTotals({ ...report, success: false })).toEqual({ passed: 5, failed: 1, skipped: 0 });
  expect(toTotals({ ...report, success: false, numFailedTests: 4 })).toEqual({ passed: 5, failed: 4, skipped: 0 });
});
