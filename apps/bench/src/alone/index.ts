import { bundleTable } from './bundle.ts';
import { importTable } from './import-time.ts';

/** What is measured without a contest. Each prints a table and gives its figures. */
export const alone: Readonly<Record<string, (rounds: number) => Promise<AloneResult>>> = {
  bundle: bundleTable,
  import: importTable,
};

export interface AloneResult {
  readonly text: string;
  readonly figures: Readonly<Record<string, number>>;
}
