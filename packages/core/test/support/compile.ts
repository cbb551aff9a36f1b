import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';

interface CompilerOptions {
  readonly experimentalDecorators: boolean;
  readonly useDefineForClassFields?: boolean;
  readonly emitDecoratorMetadata?: boolean;
}

/** TypeScript's command, as a script for Node. */
async function findTsc(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const { bin } = JSON.parse(await readFile(manifest, 'utf8')) as { bin: { tsc: string } };
  return join(dirname(manifest), bin.tsc);
}

/** A module that imports nothing but types, compiled by TypeScript and run. */
export async function importByTsc<Module>(file: URL, options: CompilerOptions): Promise<Module> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-'));
  try {
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const fixed = ['--ignoreConfig', '--noCheck', '--noResolve', '--target', 'es2022', '--module', 'esnext'];
    await promisify(execFile)(process.execPath, [
      await findTsc(),
      fileURLToPath(file),
      ...fixed,
      ...flags,
      '--outDir',
      folder,
    ]);
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
