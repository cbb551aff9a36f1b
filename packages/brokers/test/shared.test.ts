import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { cacheFolder } from '../src/shared/cache-folder.ts';
import { Child } from '../src/shared/child.ts';
import { freePort, freePorts } from '../src/shared/free-port.ts';
import { until } from '../src/shared/until.ts';
import { isAlive } from './clients.ts';

async function emptyCache(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  vi.stubEnv('XDG_CACHE_HOME', folder);
  return join(folder, 'parley');
}

it('fills a folder of the cache once, however many want it', async () => {
  const cache = await emptyCache();
  let fills = 0;
  const fill = async (folder: string): Promise<void> => {
    const mine = fills++;
    await writeFile(join(folder, 'first'), String(mine));
    await writeFile(join(folder, 'second'), String(mine));
  };
  const folders = await Promise.all(Array.from({ length: 8 }, () => cacheFolder('thing-1', fill)));
  expect(new Set(folders)).toEqual(new Set([join(cache, 'thing-1')]));
  expect(await readdir(cache)).toEqual(['thing-1']);
  const [first, second] = await Promise.all(
    ['first', 'second'].map((name) => readFile(join(cache, 'thing-1', name), 'utf8')),
  );
  expect(first).toBe(second);
  const before = fills;
  await cacheFolder('thing-1', fill);
  expect(fills).toBe(before);
});

it('leaves nothing of a folder that could not be filled', async () => {
  const cache = await emptyCache();
  await expect(
    cacheFolder('thing-2', async (folder) => {
      await writeFile(join(folder, 'half'), '');
      throw new Error('no network');
    }),
  ).rejects.toThrow('no network');
  expect(await readdir(cache)).toEqual([]);
});

it('finds ports that nobody has or is given, below those of outgoing connections', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
  // Nobody listens there, yet it is given to nobody else: who had it comes back.
  const random = vi.spyOn(Math, 'random').mockReturnValueOnce((port - 15_000 + 0.5) / 17_000);
  onTestFinished(() => random.mockRestore());
  expect(await freePort()).not.toBe(port);
  expect(random.mock.calls.length).toBeGreaterThan(1);
});

it('ends a child with its own children, keeps the end of its output, and says how it ended', async () => {
  const child = new Child('sh', [
    '-c',
    'sleep 1000 & echo $!; head -c 100000 /dev/zero | tr "\\0" x; echo; echo $!; wait',
  ]);
  const grandchild = await until('the output', () => /\n(\d+)\n$/.exec(child.log)?.[1]);
  expect(child.log.length).toBe(64 * 1024);
  expect(isAlive(Number(grandchild))).toBe(true);
  await child.stop();
  expect(await child.exited).toBe('was ended by SIGTERM');
  await until('the grandchild to be gone', () => !isAlive(Number(grandchild)));
  child.signal('SIGKILL');
});

it('kills a child that does not want to stop, and tells of one that cannot start', async () => {
  const stubborn = new Child('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done']);
  await until('its trap', () => stubborn.log.includes('ready'));
  await stubborn.stop(50);
  expect(await stubborn.exited).toBe('was ended by SIGKILL');

  const none = new Child('/no/such/program', []);
  expect(await none.exited).toMatch(/^could not be started: .*ENOENT/);
  await none.stop();
  await none.kill();
});

it('has paused a child with all of its threads when that is said', async () => {
  const busy =
    'const { Worker } = require("node:worker_threads"); for (let n = 0; n < 8; n += 1) new Worker("for (;;);", { eval: true });';
  const child = new Child(process.execPath, ['-e', busy]);
  onTestFinished(() => child.kill());
  const threads = `/proc/${child.pid}/task`;
  await until('its workers', async () => (await readdir(threads)).length > 12);
  for (let round = 0; round < 20; round += 1) {
    child.pause();
    for (const thread of readdirSync(threads)) {
      expect(readFileSync(`${threads}/${thread}/status`, 'utf8')).toMatch(/^State:\tT/m);
    }
    child.signal('SIGCONT');
  }
});

it('says what was waited for in vain, and why', async () => {
  const waiting = until('the moon', () => Promise.reject(new Error('clouds')), { timeout: 50, every: 5 });
  await expect(waiting).rejects.toMatchObject({
    message: 'waited 50 ms in vain for the moon',
    cause: new Error('clouds'),
  });
  expect(existsSync('/no/such/program')).toBe(false);
});
