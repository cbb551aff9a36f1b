import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.ts';

const block = /^```ts\n(.*?)^```$/gms;

/** The TypeScript of a page of documentation: its code blocks, in their order, as one module. */
export function docCode(page: string): string {
  const text = readFileSync(join(root, page), 'utf8');
  const code = Array.from(text.matchAll(block), ([, lines]) => lines).join('\n');
  if (code === '') throw new Error(`${page} has no code block that begins with \`\`\`ts`);
  return code;
}
