// Runs a root task on a fresh clone that has nothing but Node 20 or later and npm: fetches pnpm, installs when the
// lockfile asks for it, and hands over to the task under the project's own Node, which the install has brought.
// Plain JavaScript without dependencies, because it runs before there are any.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnForeground } from './src/foreground.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.parley-installed');
const options = { cwd: root, env: cleanEnvironment() };

if (!isInstalled()) await install();
process.exitCode = await spawnForeground('node', ['packages/tooling/src/task.ts', ...process.argv.slice(2)], options);

/**
 * npm and pnpm pass their settings to the scripts they run as npm_* variables. One would take the other's for its user's:
 * warn about them, or obey them. What says how to reach a registry is kept.
 */
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^p?npm_/.test(name) || /^npm_config_(registry|.*proxy|cafile|strict_ssl|userconfig)$/.test(name),
  );
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...Object.fromEntries(kept), TURBO_TELEMETRY_DISABLED: '1', COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' };
  const path = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  env[path] = [bin, env[path]].join(delimiter);
  return env;
}

function isInstalled() {
  return existsSync(join(bin, 'turbo')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint();
}

/** Of what an install depends on: the lockfile and every manifest. */
function fingerprint() {
  const manifests = ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name, 'package.json')),
  );
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests.sort()]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

async function install() {
  rmSync(stamp, { force: true });
  const args = ['install', '--frozen-lockfile'];
  const status = hasPnpm()
    ? await spawnForeground('pnpm', args, options)
    : await spawnForeground('npx', ['--yes', 'pnpm@12', ...args], options);
  if (status !== 0) {
    console.error(
      'The install failed. After a change to a package.json, run `npx pnpm@12 install` to renew the lockfile.',
    );
    process.exit(status);
  }
  writeFileSync(stamp, fingerprint());
}

function hasPnpm() {
  const { stdout } = spawnSync('pnpm', ['--version'], {
    ...options,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return stdout?.startsWith('12.') ?? false;
}
