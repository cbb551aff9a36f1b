import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { REPORT_FILE } from './report-file.ts';
import { add, fail, nothing, type Totals } from './totals.ts';
import { root, workspaces } from './workspace.ts';

/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

/** Removes the results of earlier runs, so that a package whose run died is not counted by an old one. */
export function forgetReports(): void {
  for (const file of reportFiles()) rmSync(file, { force: true });
}

/** The sum over all packages with tests; a package that left no result counts as one failure. */
export function sumReports(): Totals {
  return reportFiles().reduce((sum, file) => {
    const totals = readReport(file);
    if (!totals) console.error(`No test results in ${file}: the run ended early.`);
    return add(sum, totals ?? fail);
  }, nothing);
}

function reportFiles(): string[] {
  return workspaces()
    .filter(({ manifest }) => manifest.scripts?.test)
    .map(({ folder }) => join(root, folder, REPORT_FILE));
}

function readReport(file: string): Totals | undefined {
  try {
    return toTotals(JSON.parse(readFileSync(file, 'utf8')) as VitestReport);
  } catch {
    return undefined;
  }
}

/** A run can fail with no test failing: a file that does not load, an unhandled rejection. That counts as one failure. */
export function toTotals(report: VitestReport): Totals {
  const failed = report.success ? report.numFailedTests : Math.max(report.numFailedTests, 1);
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
}
