import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const folders = ['packages/transport-memory/src/', 'packages/testing/test/'];

/** The code blocks of the page, each with the name of the file that it quotes. */
const quotes = [...read('docs/writing-a-transport.md').matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm)];

describe('docs/writing-a-transport.md', () => {
  it.each(quotes.map(([, file, code]) => [file as string, code as string]))('quotes %s as it is', (file, code) => {
    const source = unindented(find(file));
    // `// …` stands for lines that are left out.
    for (const fragment of code.split(/^\/\/ …$/m)) expect(source).toContain(unindented(fragment));
  });

  it('has no code that is not checked', () => {
    const fences = read('docs/writing-a-transport.md').match(/^```/gm) ?? [];
    expect(fences).toHaveLength(quotes.length * 2);
    expect(quotes.length).toBeGreaterThan(10);
  });
});

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

function find(file: string): string {
  for (const folder of folders) {
    try {
      return read(folder + file);
    } catch {
      // Perhaps in the next one.
    }
  }
  throw new Error(`No folder has ${file}`);
}

function unindented(code: string): string {
  return code.trim().replaceAll(/^[ \t]+/gm, '');
}
