/** Where each package's vitest leaves its results, relative to the package. */
export const REPORT_FILE = '.reports/vitest.json';
