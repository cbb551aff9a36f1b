import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';

interface CompilerOptions {
  readonly experimentalDecorators: boolean;
  readonly useDefineForClassFields?: boolean;
  readonly emitDecoratorMetadata?: boolean;
}

const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));

/** A module that imports nothing but types, compiled by TypeScript and run. */
export async function importByTsc<Module>(file: URL, options: CompilerOptions): Promise<Module> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-'));
  try {
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const fixed = ['--ignoreConfig', '--noCheck', '--noResolve', '--target', 'es2022', '--module', 'esnext'];
    await promisify(execFile)(tsc, [fileURLToPath(file), ...fixed, ...flags, '--outDir', folder]);
    return await importText(await readFile(join(folder, basename(file.pathname).replace(/ts$/, 'js')), 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same by esbuild, as tsx and tsup do it. */
export async function importByEsbuild<Module>(file: URL, options: CompilerOptions): Promise<Module> {
  const { code } = await transform(await readFile(file, 'utf8'), {
    loader: 'ts',
    target: 'es2022',
    tsconfigRaw: { compilerOptions: { ...options } },
  });
  return importText(code);
}

function importText<Module>(code: string): Promise<Module> {
  const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
  return import(/* @vite-ignore */ url) as Promise<Module>;
}
