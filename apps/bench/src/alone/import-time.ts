import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { contestants } from '../contestants/index.ts';
import { median, spread } from '../measure/statistics.ts';
import { rounded, table } from '../report/table.ts';
import type { AloneResult } from './index.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const runsPerRound = 3;

/** How long a fresh process takes to import what an application needs, beyond one that imports nothing. */
export async function importTable(rounds: number): Promise<AloneResult> {
  const importing = new Map([
    ['nothing', [] as readonly string[]],
    ...Object.entries(contestants)
      .filter(([, { imports }]) => imports.length > 0)
      .map(([name, { imports }]): [string, readonly string[]] => [name, imports]),
  ]);
  const times = new Map([...importing.keys()].map((name) => [name, [] as number[]]));
  for (let run = 0; run < rounds * runsPerRound; run += 1) {
    for (const [name, modules] of importing) times.get(name)?.push(timeOf(modules));
  }
  const baseline = median(times.get('nothing') ?? []);
  const figures = Object.fromEntries([...times].map(([name, values]) => [name, median(values) - baseline]));
  const rows = [...times].map(([name, values]) => [
    name === 'nothing' ? `nothing (${rounded(baseline)} ms)` : (importing.get(name) ?? []).join(', '),
    rounded(figures[name]),
    `${(spread(values) * 100).toFixed(0)} %`,
  ]);
  const head = ['a fresh process that imports', 'ms beyond Node', 'spread of the whole'];
  return { text: `### Import (import)\n\n${table(head, rows)}\n`, figures };
}

function timeOf(modules: readonly string[]): number {
  const code = modules.map((name) => `import '${name}';`).join('');
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`importing ${modules.join(', ')} failed: ${stderr}`);
  return performance.now() - start;
}
