// Runs a root task on a fresh clone that has nothing but Node 20 or later and npm: fetches pnpm, installs when the
// lockfile asks for it, and hands over to the task under the project's own Node, which the install has brought.
// Plain JavaScript without dependencies, because it runs before there are any.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.parley-installed');
const windows = process.platform === 'win32';

const env = cleanEnvironment();
const [task = 'test', ...args] = process.argv.slice(2);

if (!isInstalled()) install();
process.exitCode = run('node', [join(root, 'packages', 'tooling', 'src', 'task.ts'), task, ...args]);

/**
 * npm and pnpm tell their children about themselves in npm_* and pnpm_* variables. Passed on, one's settings reach the
 * other, which warns about them or obeys them. Only what the user set as configuration of a registry client stays out
 * of this: that lives in npmrc files.
 */
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^p?npm_/i.test(name) && name !== 'INIT_CWD');
  const clean = Object.fromEntries(kept);
  const path = Object.keys(clean).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  clean[path] = [bin, clean[path]].join(delimiter);
  clean.TURBO_TELEMETRY_DISABLED = '1';
  clean.DO_NOT_TRACK = '1';
  return clean;
}

function run(command, commandArgs) {
  const result = spawnSync(command, commandArgs, { cwd: root, env, stdio: 'inherit', shell: windows });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

/** What an install depends on: the lockfile and every manifest. */
function fingerprint() {
  const hash = createHash('sha256');
  const manifests = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name, 'package.json')),
  );
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests.sort()]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function isInstalled() {
  return existsSync(join(bin, 'turbo')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint();
}

function install() {
  rmSync(stamp, { force: true });
  const installArgs = ['install', '--frozen-lockfile'];
  const local = spawnSync('pnpm', ['--version'], { cwd: root, env, encoding: 'utf8', shell: windows });
  const status = local.stdout?.startsWith('12.')
    ? run('pnpm', installArgs)
    : run('npx', ['--yes', 'pnpm@12', ...installArgs]);
  if (status !== 0) {
    console.error(
      'The install failed. If a package.json was changed, run `npx pnpm@12 install` once to renew pnpm-lock.yaml.',
    );
    process.exit(status);
  }
  writeFileSync(stamp, fingerprint());
}
