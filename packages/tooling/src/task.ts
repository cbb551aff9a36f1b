// The root tasks behind `pnpm build`, `pnpm test` and so on. setup.mjs calls this under the project's own Node, with
// everything installed and node_modules/.bin on the PATH.
import { spawnForeground } from './foreground.mjs';
import { forgetReports, type Results, sumReports } from './test-reports.ts';
import { add, fail, nothing, pass, type Totals, totalsLine } from './totals.ts';
import { root } from './workspace.ts';

type Command = readonly [string, ...string[]];

const [task = 'test', first, ...rest] = process.argv.slice(2);
// pnpm hands over the `--` of `pnpm demo -- --transport tcp`; npm does not.
const args = first === undefined || first === '--' ? rest : [first, ...rest];

const build: Command = ['turbo', 'run', 'build'];
// One package at a time: its own workers fill two cores already, and tests that measure time want quiet.
const unit: Command = ['turbo', 'run', 'test', '--concurrency=1'];
const keepGoing = '--continue=dependencies-successful';
const linters: Readonly<Record<string, Command>> = {
  format: ['biome', 'check', '--error-on-warnings'],
  // Before the linter: its rules read the types of other packages from their dist/.
  build: [...build, keepGoing],
  lint: ['oxlint', '--deny-warnings'],
  unused: ['knip', '--no-progress'],
  'import directions': ['node', 'packages/tooling/src/import-directions.ts'],
};

const tasks: Readonly<Record<string, () => Promise<boolean>>> = {
  bench: async () => (await run([...build, '--filter=@parley/bench^...'])) && runProgram('apps/bench/src/main.ts'),
  build: () => run([...build, ...args]),
  'check-types': () => run(['turbo', 'run', 'check-types', ...args]),
  demo: async () => (await run([...build, '--filter=@parley/demo'])) && runProgram('apps/demo/dist/main.js'),
  format: () => run(['biome', 'check', '--write', ...args]),
  lint: async () => (await check(linters)).failed === 0,
  release: async () => (await run(build)) && (await run(['changeset', 'publish'])),
  test: testEverything,
  unit: () => run([...unit, ...args]),
};

const chosen = tasks[task];
if (!chosen) console.error(`There is no task "${task}"; the tasks are ${Object.keys(tasks).join(', ')}.`);
if (!(await chosen?.())) process.exitCode ??= 1;

/** Ends with the program's own exit code: 2 for a wrong option. */
async function runProgram(file: string): Promise<boolean> {
  const code = await spawnForeground('node', [file, ...args], { cwd: root });
  process.exitCode = code;
  return code === 0;
}

/** All checks, also when one of them fails, and their totals as the last line. */
async function testEverything(): Promise<boolean> {
  const types: Command = ['turbo', 'run', 'check-types', keepGoing];
  const checks = await check({ ...linters, types });
  const tests = await testPackages();
  const totals = add(checks, tests.totals);
  for (const failure of tests.failures) console.log(`\n── failed: ${failure}`);
  console.log(`\n${totalsLine(totals)}`);
  return totals.failed === 0;
}

/** Runs each of `commands`; every one counts as a check. */
async function check(commands: Readonly<Record<string, Command>>): Promise<Totals> {
  let totals = nothing;
  for (const [name, command] of Object.entries(commands)) {
    console.log(`\n── ${name}`);
    totals = add(totals, (await run(command)) ? pass : fail);
  }
  return totals;
}

async function testPackages(): Promise<Results> {
  console.log('\n── tests');
  forgetReports();
  const succeeded = await run([...unit, keepGoing]);
  const { totals, failures } = sumReports();
  return { totals: succeeded || totals.failed > 0 ? totals : add(totals, fail), failures };
}

async function run([command, ...commandArgs]: Command): Promise<boolean> {
  return (await spawnForeground(command, commandArgs, { cwd: root })) === 0;
}
