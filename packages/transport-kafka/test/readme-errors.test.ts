import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(`${root}/${file}`, 'utf8');

/** What we say; and what brokers say themselves, as the tests with real ones have it. */
const said = [...globSync('src/**/*.ts', { cwd: root }), 'test/refused.test.ts']
  .filter((file) => !file.startsWith('src') || !file.endsWith('.test.ts'))
  .map((file) => read(file).replaceAll('\\', ''))
  .join('\n');

const [, chapter = ''] = /\n## What goes wrong\n([\s\S]*?)\n## /.exec(read('README.md')) ?? [];
const rows = [...chapter.matchAll(/^\| (\d{3}) \| (.*?) \|/gm)].map(([, code, texts = '']) => [code, texts] as const);

it('the README’s table of what goes wrong has texts that are there', () => {
  expect(rows.length).toBeGreaterThan(20);
  const pieces = rows.flatMap(([, texts]) =>
    [...texts.matchAll(/`([^`]+)`/g)].flatMap(([, text = '']) =>
      text.split(/…|"[^"]*"|\. |: /).map((one) => one.trim()),
    ),
  );
  expect(pieces.filter((piece) => piece.length > 3 && !said.includes(piece))).toEqual([]);
});
