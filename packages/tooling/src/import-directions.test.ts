import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { importViolations } from './import-directions.ts';

const temporary: string[] = [];

afterEach(() => {
  for (const folder of temporary.splice(0)) rmSync(folder, { recursive: true });
});

const manifests = {
  'packages/core/package.json': { name: '@parley/core', exports: { '.': {}, './transport': {} } },
  'packages/transport-tcp/package.json': {
    name: '@parley/transport-tcp',
    exports: { '.': {} },
    peerDependencies: { '@parley/core': '*' },
  },
  'packages/testing/package.json': { name: '@parley/testing', exports: { '.': {}, './vectors/*.json': {} } },
  'apps/demo/package.json': { name: '@parley/demo', dependencies: { zod: '4' } },
};

/** A repository with just the given files, and what the check says about it. */
function check(files: Record<string, string>): string[] {
  const top = mkdtempSync(join(tmpdir(), 'parley-imports-'));
  temporary.push(top);
  const texts = Object.entries(manifests).map(([path, manifest]) => [path, JSON.stringify(manifest)] as const);
  for (const [path, text] of [...texts, ...Object.entries(files)]) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
  return importViolations(top);
}

describe('rooms of core', () => {
  const core = (path: string, text: string): string[] => check({ [`packages/core/src/${path}`]: text });

  test.each([
    ['an earlier room', 'host/host.ts', `import { a } from '../errors/codes.ts';`],
    ['its own room', 'host/host.ts', `import { a } from './options.ts';`],
    ['a door: any room', 'index.ts', `export { a } from './host/index.ts';\nexport * from './errors/index.ts';`],
    ['a test: any room', 'errors/codes.test.ts', `import { a } from '../host/host.ts';\nimport fs from 'node:fs';`],
    ['what its room may use', 'context/storage.ts', `import { AsyncLocalStorage } from 'node:async_hooks';`],
    ['a type of a driver', 'client/types.ts', `import type { Observable } from 'rxjs';`],
  ])('may import: %s', (_, path, text) => {
    expect(core(path, text)).toEqual([]);
  });

  test.each([
    ['a later room', 'errors/codes.ts', `import { a } from '../host/host.ts';`, 'errors may not import host'],
    ['a later room, only its type', 'errors/codes.ts', `import type { A } from '../host/host.ts';`, 'errors may not'],
    [
      'a later room, inside a type',
      'errors/codes.ts',
      `export type A = import('../host/host.ts').A;`,
      'errors may not',
    ],
    ['a later room, lazily', 'errors/codes.ts', `export const a = () => import('../host/host.ts');`, 'errors may not'],
    ['a later room, to pass it on', 'errors/codes.ts', `export * from '../host/host.ts';`, 'errors may not'],
    ['a room on its own line', 'registry/a.ts', `import { a } from '../correlation/b.ts';`, 'registry may not'],
    ['a door', 'host/host.ts', `import { a } from '../index.ts';`, 'no room imports a door'],
    ['an unknown room', 'host/host.ts', `import { a } from '../misc/a.ts';`, '"misc" is neither a room nor a door'],
    ['I/O', 'client/client.ts', `import { connect } from 'node:net';`, `core's client may not`],
    ['another room’s module', 'errors/a.ts', `import { AsyncLocalStorage } from 'node:async_hooks';`, `core's errors`],
    ['all of rxjs at run time', 'client/client.ts', `import { Observable } from 'rxjs';`, `core's client may not`],
    ['a transport', 'host/host.ts', `import { tcp } from '@parley/transport-tcp';`, '@parley/core may not'],
  ])('may not import: %s', (_, path, text, complaint) => {
    const violations = core(path, text);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(`packages/core/src/${path}:1: `);
    expect(violations[0]).toContain(complaint);
  });
});

describe('between packages', () => {
  test.each([
    ['a transport: the doors of core', 'packages/transport-tcp/src/a.ts', `import '@parley/core/transport';`],
    ['a transport’s tests: the kit', 'packages/transport-tcp/test/a.test.ts', `import '@parley/testing';`],
    ['anyone: a data door', 'packages/transport-tcp/src/a.test.ts', `import '@parley/testing/vectors/tcp.json';`],
    ['an application: everything', 'apps/demo/src/a.ts', `import '@parley/transport-tcp';\nimport 'zod/mini';`],
  ])('may import: %s', (_, path, text) => {
    expect(check({ [path]: text })).toEqual([]);
  });

  test.each([
    ['a deep path', 'apps/demo/src/a.ts', `import '@parley/core/src/errors/codes.ts';`, 'not a door'],
    ['a deep path, from a test', 'apps/demo/src/a.test.ts', `import '@parley/core/dist/index.js';`, 'not a door'],
    ['a relative path', 'packages/transport-tcp/src/a.test.ts', `import '../../core/src/a.ts';`, 'leaves its package'],
    ['a transport its test kit', 'packages/transport-tcp/src/a.ts', `import '@parley/testing';`, 'may not'],
    ['the kit a real transport', 'packages/testing/src/a.ts', `import '@parley/transport-tcp';`, 'may not'],
    ['what is not declared', 'packages/transport-tcp/src/a.ts', `import 'zod';`, 'not among its dependencies'],
  ])('may not import: %s', (_, path, text, complaint) => {
    const violations = check({ [path]: text });
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(complaint);
  });
});
