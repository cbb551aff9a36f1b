import { spawnSync } from 'node:child_process';

const [task = 'test', ...args] = process.argv.slice(2);

const tasks: Record<string, () => number> = {
  build: () => run('turbo', ['run', 'build', ...args]),
  unit: () => run('turbo', ['run', 'test', ...args]),
  'check-types': () => run('turbo', ['run', 'check-types', ...args]),
  demo: () => run('turbo', ['run', 'build', '--filter=@parley/demo', '--output-logs=errors-only']) || run('node', ['apps/demo/dist/main.js', ...args]),
};

function run(command: string, commandArgs: string[]): number {
  return spawnSync(command, commandArgs, { stdio: 'inherit' }).status ?? 1;
}

process.exitCode = tasks[task]?.() ?? 1;
