import { defineConfig, type ViteUserConfig } from 'vitest/config';

export function preset(): ViteUserConfig {
  return defineConfig({ test: { pool: 'forks', maxWorkers: 2, testTimeout: 30_000 } });
}
