import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Workspace {
  /** Relative to the top, with forward slashes: `packages/core`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Every package under packages/ and apps/ of the repository at `top`. */
export function workspaces(top = root): Workspace[] {
  return ['packages', 'apps'].flatMap((group) =>
    entries(join(top, group)).flatMap((name) => {
      const folder = `${group}/${name}`;
      const manifest = readManifest(join(top, folder, 'package.json'));
      return manifest ? [{ folder, manifest }] : [];
    }),
  );
}

/** The packages that users install. */
export function published(top = root): Workspace[] {
  return workspaces(top).filter(({ manifest }) => manifest.private !== true);
}

function entries(folder: string): string[] {
  return ifPresent(() => readdirSync(folder).sort()) ?? [];
}

function readManifest(file: string): Manifest | undefined {
  return ifPresent(() => JSON.parse(readFileSync(file, 'utf8')) as Manifest);
}

function ifPresent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
