import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atOurDeath, quoted } from './watchdog.ts';

/** A folder for what a broker writes, outside of the repository. */
export interface DataFolder {
  readonly path: string;
  /** Also done when our process dies. */
  remove(): Promise<void>;
}

export async function dataFolder(name: string): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), `parley-${name}-`));
  const forget = atOurDeath(`rm -rf ${quoted(path)}`);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      forget();
    },
  };
}
