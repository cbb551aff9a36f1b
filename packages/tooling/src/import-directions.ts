import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, matchesGlob, posix, sep } from 'node:path';
import { coreDoors, coreModules, coreRooms, coreTypeModules, parleyDoors } from './import-rules.ts';
import { type Import, importsOf } from './imports.ts';
import { type Manifest, root, type Workspace, workspaces } from './workspace.ts';

interface Source {
  readonly workspace: Workspace;
  /** Relative to the package: `src/client/client-proxy.ts`. */
  readonly path: string;
  readonly isTest: boolean;
}

/** A sentence for every import in the repository at `top` that import-rules.ts forbids; empty when all is well. */
export function importViolations(top = root): string[] {
  const all = workspaces(top);
  const doors = new Set(all.flatMap(({ manifest }) => doorsOf(manifest)));
  return all.flatMap((workspace) =>
    sourcesOf(workspace, top).flatMap((source) => {
      const file = `${workspace.folder}/${source.path}`;
      return importsOf(file, readFileSync(join(top, file), 'utf8')).flatMap((entry) => {
        const complaint = isRelative(entry) ? checkRelative(source, entry) : checkModule(source, entry, doors);
        return complaint ? [`${file}:${entry.line}: imports ${entry.specifier}: ${complaint}`] : [];
      });
    }),
  );
}

function sourcesOf(workspace: Workspace, top: string): Source[] {
  const cwd = join(top, workspace.folder);
  const exclude = ['**/node_modules/**', 'dist/**'];
  const paths = globSync(['src/**/*.ts', 'test/**/*.ts', '*.ts'], { cwd, exclude }).map((p) => p.replaceAll(sep, '/'));
  return paths.sort().map((path) => ({
    workspace,
    path,
    isTest: !path.startsWith('src/') || /\.test(-d)?\.ts$/.test(path),
  }));
}

/** `@parley/core`, `@parley/core/transport` …: what a package's `exports` open. */
function doorsOf({ name, exports = {} }: Manifest): string[] {
  return Object.keys(exports).map((key) => posix.join(name, key));
}

function isRelative({ specifier }: Import): boolean {
  return specifier.startsWith('.');
}

function checkRelative({ workspace, path, isTest }: Source, { specifier }: Import): string | undefined {
  const target = posix.join(dirname(path), specifier);
  if (target.startsWith('..')) return 'leaves its package; import the package by its name';
  if (isTest || workspace.manifest.name !== '@parley/core') return undefined;

  const from = roomOf(path);
  const to = roomOf(target);
  if (from === to || coreDoors.includes(from)) return undefined;
  if (coreDoors.includes(to)) return 'no room imports a door';
  const fromRank = rankOf(from);
  const toRank = rankOf(to);
  if (fromRank < 0) return `"${from}" is neither a room nor a door; see import-rules.ts`;
  if (toRank < 0) return `"${to}" is neither a room nor a door; see import-rules.ts`;
  return toRank < fromRank ? undefined : `${from} may not import ${to}; see import-rules.ts`;
}

/** `src/client/x.ts` is in the room `client`; `src/index.ts` is the door `index.ts`. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? path;
}

function rankOf(room: string): number {
  return coreRooms.findIndex((line) => line.includes(room));
}

function checkModule(source: Source, { specifier, typeOnly }: Import, doors: ReadonlySet<string>): string | undefined {
  const { manifest, folder } = source.workspace;
  if (specifier.startsWith('@parley/')) {
    if (![...doors].some((door) => matchesGlob(specifier, door))) return 'not a door of that package';
    const mayUse = parleyDoors[manifest.name];
    if (source.isTest || mayUse?.includes(specifier)) return undefined;
    return mayUse || folder.startsWith('packages/') ? `${manifest.name} may not; see import-rules.ts` : undefined;
  }
  if (source.isTest) return undefined;
  if (manifest.name === '@parley/core') return checkCoreModule(roomOf(source.path), specifier, typeOnly);
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? undefined : 'write it with the node: prefix';
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return name in { ...manifest.dependencies, ...manifest.peerDependencies } ? undefined : 'not among its dependencies';
}

function checkCoreModule(room: string, specifier: string, typeOnly: boolean): string | undefined {
  const allowed = [...(coreModules['*'] ?? []), ...(coreModules[room] ?? []), ...(typeOnly ? coreTypeModules : [])];
  if (allowed.some((pattern) => matchesGlob(specifier, pattern))) return undefined;
  return `core's ${room} may not; see import-rules.ts`;
}

if (import.meta.main) {
  const violations = importViolations();
  for (const violation of violations) console.error(violation);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
