import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { table } from '../report/table.ts';
import type { AloneResult } from './index.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
/** Core's dependency that is not counted, and its peer, which applications have of their own. */
const apart = ['rxjs', 'rxjs/*', '@needle-di/core'];

/** Bytes of what `modules` export, bundled, minified and gzipped, without rxjs. */
export async function bundleBytes(...modules: string[]): Promise<number> {
  const result = await build({
    stdin: { contents: modules.map((name) => `export * from '${name}';`).join('\n'), resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    external: apart,
    logLevel: 'silent',
  });
  return gzipSync(result.outputFiles[0]?.contents ?? '', { level: 9 }).length;
}

export async function bundleTable(): Promise<AloneResult> {
  const figures = {
    '@parley/core': await bundleBytes('@parley/core'),
    '@parley/core and @parley/transport-tcp': await bundleBytes('@parley/core', '@parley/transport-tcp'),
  };
  const rows = Object.entries(figures).map(([name, bytes]) => [name, (bytes / 1024).toFixed(1)]);
  const text = `### Size: bundled, minified, gzipped, without rxjs (bundle)\n\n${table(['package', 'KiB'], rows)}\n`;
  return { text, figures };
}
