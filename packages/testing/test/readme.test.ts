import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';

/** What Git does not see, and the tests' compiler does. */
const folder = new URL('../.reports/', import.meta.url);

it.each([
  ['transport-memory', [[6], [503]]],
  ['testing', [['Hello, Ada'], [{ id: 7 }]]],
])('runs the code of the README of %s, which prints %j', async (name, printed) => {
  const readme = readFileSync(new URL(`../../${name}/README.md`, import.meta.url), 'utf8');
  const code = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join('\n');
  mkdirSync(folder, { recursive: true });
  const file = fileURLToPath(new URL(`readme-${name}.ts`, folder));
  writeFileSync(file, code);
  const log = vi.spyOn(console, 'log').mockReturnValue();
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  try {
    await import(file);
    expect(log.mock.calls).toEqual(printed);
  } finally {
    log.mockRestore();
    warn.mockRestore();
  }
});
