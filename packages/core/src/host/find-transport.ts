import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RpcCode, RpcException } from '../errors/index.ts';
import { type EndpointOptions, type Transport, type TransportFactory, Transports } from '../seam/index.ts';
import type { MicroserviceEntry } from './provide-microservices.ts';

/**
 * The transport of an entry: as given, or by name among `transports`, or from its package, as seen from the
 * application. Core does not depend on the packages, so its own `import()` would not find them under pnpm.
 *
 * @throws RpcException 400 for a name that nobody knows, or a package that is not installed; says what to do.
 */
export async function findTransport(
  options: MicroserviceEntry['options'],
  transports: readonly TransportFactory[],
): Promise<Transport> {
  if ('createTransporter' in options) return options;
  const { transport: name, options: own } = options as { transport: string; options?: EndpointOptions };
  const given = transports.find((factory) => factory.transport === name);
  const factory = given ?? (await importTransport(name));
  return factory(own);
}

async function importTransport(name: string): Promise<TransportFactory> {
  const known: readonly string[] = Object.values(Transports);
  if (!known.includes(name)) {
    throw new RpcException(
      `There is no transport ${JSON.stringify(name)}: Parley has ${known.join(', ')}; give another one in createMicroservices({ transports })`,
      { code: RpcCode.BadRequest },
    );
  }
  const packageName = `@parley/transport-${name}`;
  const path = resolveFromApplication(packageName);
  if (path === undefined) {
    throw new RpcException(
      `The transport "${name}" is in the package ${packageName}, which is not installed: npm install ${packageName} (or give it in createMicroservices({ transports }))`,
      { code: RpcCode.BadRequest },
    );
  }
  const module = (await import(pathToFileURL(path).href)) as Record<string, TransportFactory | undefined>;
  const factory = module[name];
  if (typeof factory === 'function') return factory;
  throw new RpcException(
    `${packageName} does not export ${name}(): its version does not fit this one of @parley/core`,
    {
      code: RpcCode.Unsupported,
    },
  );
}

/** Where the program began, then where it was started. */
function resolveFromApplication(packageName: string): string | undefined {
  for (const from of [process.argv[1], join(process.cwd(), 'index.js')]) {
    if (from === undefined) continue;
    try {
      // Of a link, as npm makes them for a program, what it leads to: `resolve` gives real paths.
      return createRequire(realPath(from)).resolve(packageName);
    } catch {
      // Not from here.
    }
  }
  return undefined;
}

/** The real path of a file, or the path as it is when there is none. */
function realPath(path: string): string {
  try {
    return createRequire(path).resolve(path);
  } catch {
    return path;
  }
}
