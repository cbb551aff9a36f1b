import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { docCode } from '../src/doc-code.ts';
import { run } from '../src/run.ts';
import { published, root } from '../src/workspace.ts';

// Each starts programs that are large, one after the other, and installs from a registry that may be slow.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const packages = published().map(({ folder, manifest }) => ({ name: manifest.name, folder: join(root, folder) }));
const tarballs = new Map<string, string>();
let temporary: string;

beforeAll(() => {
  // Outside the repository, so that nothing is found in a node_modules further up.
  temporary = mkdtempSync(join(tmpdir(), 'parley-packages-'));
  for (const { name, folder } of packages) {
    const packed = run('pnpm', ['pack', '--json', '--pack-destination', temporary], folder);
    const { filename } = JSON.parse(packed) as { filename: string };
    tarballs.set(name, join(temporary, basename(filename)));
  }
});

afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const tarballOf = (name: string): string => tarballs.get(name) ?? expect.fail(`${name} was not packed`);

describe.each(packages)('$name', ({ name }) => {
  test('is a well-formed package', () => {
    run('publint', ['run', tarballOf(name), '--strict']);
  });

  test('has types that resolve wherever an ESM package does', () => {
    run('attw', [tarballOf(name), '--profile', 'esm-only', '--no-emoji']);
  });

  test('ships its license, its readme and no tests', () => {
    const files = run('tar', ['-tzf', tarballOf(name)]).split('\n');
    expect(files).toEqual(expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/dist/index.js']));
    expect(files.filter((file) => /\.test\b|\.reports|tsconfig/.test(file))).toEqual([]);
  });
});

describe('a project of its own that has installed the tarballs', () => {
  const project = () => join(temporary, 'project');

  beforeAll(() => {
    cpSync(join(root, 'packages/tooling/consumer'), project(), { recursive: true });
    writeFileSync(join(project(), 'readme.ts'), docCode('README.md'));
    writeFileSync(join(project(), 'guide.ts'), docCode('docs/guide.md'));
    const others = ['@types/node@24', '@needle-di/core@1', 'vitest@5', 'zod@4', 'msgpackr@1'];
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs.values(), ...others], project());
    run('tsc', ['-p', 'tsconfig.json'], project());
  });

  test('imports every door', () => {
    expect(run('node', ['dist/doors.js'], project())).toContain('core: ');
  });

  test('runs the example of the README over TCP', async () => {
    // On a port that is free here, and now; all else is as it stands.
    const file = join(project(), 'dist/readme.js');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('8888', String(await freePort())));
    const output = run('node', [file], project());
    expect(output.trim().split('\n')).toEqual([
      '3',
      '2',
      '1',
      'Ada was seen',
      expect.stringMatching(/^422 The request is not valid at id/),
    ]);
  });

  test('runs the code of the guide', () => {
    run('node', ['dist/guide.js'], project());
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
