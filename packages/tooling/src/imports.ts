import { parseSync, Visitor } from 'oxc-parser';

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Gone at run time: `import type`, `export type … from`, `import('x').T` in a type. */
  readonly typeOnly: boolean;
}

/** Everything a TypeScript source imports or re-exports, in order. A computed `import(expression)` names no module: left out. */
export function importsOf(file: string, source: string): Import[] {
  const { program, errors } = parseSync(file, source);
  const first = errors[0];
  if (first) throw new Error(`${file}: ${first.message}`);

  const found: Import[] = [];
  const add = (node: { start: number }, specifier: string, typeOnly: boolean): void => {
    found.push({ specifier, typeOnly, line: source.slice(0, node.start).split('\n').length });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node, node.source.value, node.importKind === 'type'),
    ExportAllDeclaration: (node) => add(node, node.source.value, node.exportKind === 'type'),
    ExportNamedDeclaration: (node) => {
      if (node.source) add(node, node.source.value, node.exportKind === 'type');
    },
    ImportExpression: (node) => {
      if (node.source.type === 'Literal' && typeof node.source.value === 'string') add(node, node.source.value, false);
    },
    TSImportType: (node) => add(node, node.source.value, true),
  }).visit(program);
  return found;
}
