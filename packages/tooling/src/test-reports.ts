import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { REPORT_FILE } from './report-file.ts';
import { add, fail, nothing, type Totals } from './totals.ts';
import { root, workspaces } from './workspace.ts';

/** Characters of what a failure says. */
const longest = 2000;

/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly TestFileReport[];
}

/** One file: its tests, and what it says itself when it did not get as far as its tests. */
interface TestFileReport {
  readonly name: string;
  readonly status: 'passed' | 'failed';
  readonly message: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages?: readonly string[] | null;
  }[];
}

/** Removes the results of earlier runs, so that a package whose run died is not counted by an old one. */
export function forgetReports(): void {
  for (const file of reportFiles()) rmSync(file, { force: true });
}

/** What one or more runs came to. */
export interface Results {
  readonly totals: Totals;
  /** Each failure, with what it said: for the end of a long run, whose middle nobody finds again. */
  readonly failures: readonly string[];
}

/** Of all packages with tests together; a package that left no result counts as one failure. */
export function sumReports(): Results {
  const results = reportFiles().map(readReport);
  return {
    totals: results.reduce((sum, { totals }) => add(sum, totals), nothing),
    failures: results.flatMap(({ failures }) => failures),
  };
}

function reportFiles(): string[] {
  return workspaces()
    .filter(({ manifest }) => manifest.scripts?.test)
    .map(({ folder }) => join(root, folder, REPORT_FILE));
}

function readReport(file: string): Results {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
    return { totals: toTotals(report), failures: toFailures(report) };
  } catch {
    return { totals: fail, failures: [`No test results in ${file}: the run ended early.`] };
  }
}

/** A run can fail with no test failing: a file that does not load, an unhandled rejection. That counts as one failure. */
export function toTotals(report: VitestReport): Totals {
  const failed = report.success ? report.numFailedTests : Math.max(report.numFailedTests, 1);
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
}

/** Counterexamples and differences can be as large as what was compared. */
function shortened(message: string): string {
  return message.length <= longest ? message : `${message.slice(0, longest)}…`;
}

/** Each failed test, and each file that failed before its tests, with its place and its message. */
export function toFailures(report: VitestReport): string[] {
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const place = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [`${place}\n${shortened(message)}`] : [];
    return failed.map((test) => `${place} > ${test.fullName}\n${shortened((test.failureMessages ?? []).join('\n'))}`);
  });
  if (report.success || failures.length > 0) return failures;
  return ['A run failed without a failing test: an unhandled error, which its own output shows.'];
}
