/**
 * Which way imports may point, in one table to read and to change. import-directions.ts enforces it, `pnpm lint` runs it.
 * Tests are free, except that nobody reaches into another package by a deep or relative path.
 */

/** The rooms of packages/core/src. A room may import rooms of the lines above its own, and nothing else of core. */
export const coreRooms: readonly (readonly string[])[] = [
  ['errors'],
  ['envelope'],
  ['patterns'],
  ['seam'],
  ['context'],
  ['registry', 'correlation'],
  ['dispatch'],
  ['session'],
  ['client', 'transporter'],
  ['decorators'],
  ['host'],
];

/** The files beside the rooms: they may import every room, and no room imports them. */
export const coreDoors: readonly string[] = ['index.ts', 'transport.ts'];

/**
 * What the rooms of core may import from outside: no I/O and no driver. `*` holds for every room. Importing `rxjs` costs
 * 70 to 90 ms at start and `rxjs/internal/Observable` 17, for the same class.
 */
export const coreModules: Readonly<Record<string, readonly string[]>> = {
  '*': ['@standard-schema/spec', 'node:util', 'node:crypto', 'rxjs/internal/*'],
  envelope: ['node:buffer'],
  context: ['node:async_hooks'],
  host: ['@needle-di/core', 'node:module', 'node:url', 'node:path', 'node:process'],
  'index.ts': ['@needle-di/core'],
};

/** Types are free at run time, so every room may import these with `import type`. */
export const coreTypeModules: readonly string[] = ['rxjs', '@needle-di/core'];

/** Which doors of @parley a package's sources may use. Applications under apps/ may use all of them. */
export const parleyDoors: Readonly<Record<string, readonly string[]>> = {
  '@parley/core': [],
  '@parley/transport-tcp': ['@parley/core', '@parley/core/transport'],
  '@parley/transport-memory': ['@parley/core', '@parley/core/transport'],
  '@parley/transport-redis': ['@parley/core', '@parley/core/transport'],
  '@parley/transport-kafka': ['@parley/core', '@parley/core/transport'],
  '@parley/brokers': [],
  '@parley/testing': ['@parley/core', '@parley/core/transport', '@parley/transport-memory'],
};
