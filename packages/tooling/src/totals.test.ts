import { expect, test } from 'vitest';
import { toFailures, toTotals, type VitestReport } from './test-reports.ts';
import { add, fail, nothing, pass, totalsLine } from './totals.ts';
import { root } from './workspace.ts';

const report: VitestReport = {
  success: true,
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
};

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

test('what failed is named, with its file and its message', () => {
  const passed = { fullName: 'adds', status: 'passed', failureMessages: [] };
  const failed = {
    fullName: 'sums > divides',
    status: 'failed',
    failureMessages: ['AssertionError: expected 1 to be 2'],
  };
  const file = (name: string, status: 'passed' | 'failed', message = '') => ({
    name: `${root}/${name}`,
    status,
    message,
  });
  const testResults = [
    { ...file('packages/a/a.test.ts', 'passed'), assertionResults: [passed] },
    { ...file('packages/a/b.test.ts', 'failed'), assertionResults: [passed, failed] },
    { ...file('packages/a/c.test.ts', 'failed', 'SyntaxError: no'), assertionResults: [] },
  ];
  expect(toFailures({ ...report, success: false, testResults })).toEqual([
    'packages/a/b.test.ts > sums > divides\nAssertionError: expected 1 to be 2',
    'packages/a/c.test.ts\nSyntaxError: no',
  ]);
  expect(toFailures(report)).toEqual([]);
  expect(toFailures({ ...report, success: false })).toEqual([expect.stringContaining('without a failing test')]);
});
