import { transform } from 'esbuild';
import type { Plugin } from 'vite';

const SOURCE = /^[^?]*\.[cm]?ts(\?|$)/;
const NOT_OURS = /\/(node_modules|dist)\//;
/** Folders whose tsconfig.json sets `experimentalDecorators`; vitest's own compiler handles those. */
const LEGACY = /\/legacy\//;

/**
 * Lowers standard (TC39) decorators with esbuild, since vitest's compiler passes them through and Node cannot parse
 * them. Outside a `legacy` folder a decorator is a standard one, for tsc and for the tests alike.
 */
export function standardDecorators(): Plugin {
  return {
    name: 'parley:standard-decorators',
    enforce: 'pre',
    async transform(code, id) {
      if (!code.includes('@') || !SOURCE.test(id) || NOT_OURS.test(id) || LEGACY.test(id)) return null;
      const result = await transform(code, {
        loader: 'ts',
        sourcefile: id,
        sourcemap: 'external',
        target: 'es2023',
        supported: { decorators: false, using: true },
        tsconfigRaw: {
          compilerOptions: { experimentalDecorators: false, useDefineForClassFields: true, verbatimModuleSyntax: true },
        },
      });
      return { code: result.code, map: result.map };
    },
  };
}
