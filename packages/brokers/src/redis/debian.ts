import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../shared/cache-folder.ts';
import { run } from '../shared/run.ts';
import { localRedis, type RedisProgram } from './redis-program.ts';

/**
 * Debian's package (Ubuntu's, too), downloaded and unpacked into the cache folder without root, with those libraries
 * that it needs and this machine has not. Needs what `apt-get update` once fetched.
 *
 * @throws Error where there is no apt-get, no such package, or no way to it.
 */
export async function debianRedis(): Promise<RedisProgram> {
  const architecture = (await run('dpkg', ['--print-architecture'])).trim();
  const folder = await cacheFolder(`redis-${await distribution()}-${architecture}`, async (target) => {
    await unpack(target);
    await localRedis(...programIn(target, await libraryFolders(target)));
  });
  try {
    return await localRedis(...programIn(folder, await libraryFolders(folder)));
  } catch (error) {
    throw new Error(`the one in ${folder} does not run (remove the folder to get it anew)`, { cause: error });
  }
}

function programIn(folder: string, libraries: readonly string[]): Parameters<typeof localRedis> {
  const paths = process.env.LD_LIBRARY_PATH === undefined ? libraries : [...libraries, process.env.LD_LIBRARY_PATH];
  return [join(folder, 'usr/bin/redis-server'), { LD_LIBRARY_PATH: paths.join(':') }];
}

async function libraryFolders(folder: string): Promise<string[]> {
  const found = await Promise.all(
    ['usr/lib', 'lib'].map(async (name) => {
      const libraries = join(folder, name);
      const triplets = await readdir(libraries).catch(() => []);
      return triplets.filter((triplet) => triplet.includes('-linux-')).map((triplet) => join(libraries, triplet));
    }),
  );
  return found.flat();
}

/** Such as `debian-12`: a package of one release need not run on another. */
async function distribution(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8');
  const field = (name: string): string => new RegExp(`^${name}="?([\\w.]+)`, 'm').exec(release)?.[1] ?? 'unknown';
  return `${field('ID')}-${field('VERSION_ID')}`;
}

async function unpack(folder: string): Promise<void> {
  const wanted = ['redis-server', 'redis-tools'];
  for (const name of wanted) {
    const file = await download(name, folder);
    await run('dpkg-deb', ['-x', file, folder]);
    for (const library of await missingLibraries(file)) if (!wanted.includes(library)) wanted.push(library);
  }
}

async function download(name: string, folder: string): Promise<string> {
  await run('apt-get', ['download', '-q', name], { cwd: folder });
  const file = (await readdir(folder)).find((entry) => entry.startsWith(`${name}_`) && entry.endsWith('.deb'));
  if (file === undefined) throw new Error(`apt-get download ${name} left no file`);
  return join(folder, file);
}

async function missingLibraries(file: string): Promise<string[]> {
  const depends = await run('dpkg-deb', ['-f', file, 'Depends']);
  const libraries = depends
    .split(',')
    // `a (>= 1) | b` and `a:any`: the first alternative is what the package was built with.
    .map((entry) => entry.trim().split(/[\s:|(]/, 1)[0] ?? '')
    .filter((name) => /^(?:lib|lua-)/.test(name));
  const installed = await Promise.all(libraries.map(isInstalled));
  return libraries.filter((_, index) => installed[index] === false);
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    return (await run('dpkg-query', ['-W', '-f=${db:Status-Status}', name])).startsWith('installed');
  } catch {
    return false;
  }
}
