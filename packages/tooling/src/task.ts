// The root tasks behind `pnpm build`, `pnpm test` and so on. setup.mjs calls this under the project's own Node, with
// everything installed and node_modules/.bin on the PATH.
import { spawnSync } from 'node:child_process';
import { forgetReports, sumReports } from './test-reports.ts';
import { add, fail, nothing, pass, type Totals, totalsLine } from './totals.ts';
import { root } from './workspace.ts';

type Command = readonly [string, ...string[]];

const [task = 'test', ...args] = process.argv.slice(2);

const build: Command = ['turbo', 'run', 'build'];
const linters: Readonly<Record<string, Command>> = {
  format: ['biome', 'check', '--error-on-warnings'],
  lint: ['oxlint', '--deny-warnings'],
  'import directions': ['node', 'packages/tooling/src/import-directions.ts'],
};

const tasks: Readonly<Record<string, () => boolean>> = {
  build: () => run([...build, ...args]),
  'check-types': () => run(['turbo', 'run', 'check-types', ...args]),
  demo: () => run([...build, '--filter=@parley/demo']) && run(['node', 'apps/demo/dist/main.js', ...args]),
  format: () => run(['biome', 'check', '--write', ...args]),
  lint: () => Object.values(linters).map(run).every(Boolean),
  release: () => run(build) && run(['changeset', 'publish']),
  test: testEverything,
  unit: () => run(['turbo', 'run', 'test', ...args]),
};

const chosen = tasks[task];
if (!chosen) console.error(`There is no task "${task}"; the tasks are ${Object.keys(tasks).join(', ')}.`);
process.exitCode = chosen?.() ? 0 : 1;

/** All checks, also when one of them fails, and their totals as the last line. */
function testEverything(): boolean {
  let totals = nothing;
  const check = (name: string, command: Command): void => {
    console.log(`\n── ${name}`);
    totals = add(totals, run(command) ? pass : fail);
  };
  for (const [name, command] of Object.entries(linters)) check(name, command);
  check('build', [...build]);
  check('types', ['turbo', 'run', 'check-types', '--continue']);
  totals = add(totals, testPackages());
  console.log(`\n${totalsLine(totals)}`);
  return totals.failed === 0;
}

function testPackages(): Totals {
  console.log('\n── tests');
  forgetReports();
  const succeeded = run(['turbo', 'run', 'test', '--continue']);
  const totals = sumReports();
  return succeeded || totals.failed > 0 ? totals : add(totals, fail);
}

function run([command, ...commandArgs]: Command): boolean {
  const shell = process.platform === 'win32';
  const { error, status } = spawnSync(command, commandArgs, { cwd: root, stdio: 'inherit', shell });
  if (error) throw error;
  return status === 0;
}
