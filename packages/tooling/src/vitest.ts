import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';
import { REPORT_FILE } from './report-file.ts';
import { standardDecorators } from './standard-decorators.ts';

/** What every package's vitest.config.ts starts from; `overrides` win. */
export function preset(overrides: ViteUserConfig = {}): ViteUserConfig {
  // The programs that pnpm links put every package of the workspace there: tests are to find what their package depends on.
  delete process.env['NODE_PATH'];
  const base = defineConfig({
    plugins: [standardDecorators()],
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      // Sockets, timers and AsyncLocalStorage are real here: a process per file keeps one file's leaks from another.
      pool: 'forks',
      maxWorkers: 2,
      testTimeout: 30_000,
      hookTimeout: 30_000,
      // The second is read for the totals of `npm test`.
      reporters: ['default', ['json', { outputFile: REPORT_FILE }]],
    },
  });
  return mergeConfig(base, overrides);
}
