import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeTransport } from '../../test/support/fake-transport.ts';
import type { EndpointOptions, TransportFactory } from '../seam/index.ts';
import { findTransport } from './find-transport.ts';

const pigeon: TransportFactory = Object.assign((options?: EndpointOptions) => new FakeTransport(options, 'pigeon'), {
  transport: 'pigeon',
});

describe('a transport', () => {
  it('that is given is used as it is', async () => {
    const transport = new FakeTransport();
    expect(await findTransport(transport, [pigeon])).toBe(transport);
  });

  it('by its name is looked for among those of the host, and made with its options', async () => {
    const transport = await findTransport({ transport: 'pigeon', options: { timeout: 5 } }, [pigeon]);
    expect(transport).toMatchObject({ transport: 'pigeon', endpoint: { timeout: 5 } });
    expect(await findTransport({ transport: 'pigeon' }, [pigeon])).toMatchObject({ endpoint: { timeout: 20_000 } });
  });

  it('whose options are wrong is refused with what its own function says', async () => {
    await expect(findTransport({ transport: 'pigeon', options: { timeout: -1 } }, [pigeon])).rejects.toMatchObject({
      code: 400,
      message: expect.stringContaining('pigeon: the option "timeout"') as string,
    });
  });

  it('that nobody knows is refused with 400 that names those that there are', async () => {
    for (const transport of ['carrier', 'constructor', '__proto__', '../tcp', 'TCP']) {
      await expect(findTransport({ transport }, [pigeon])).rejects.toMatchObject({
        name: 'RpcException',
        code: 400,
        message: expect.stringMatching(`no transport "${transport}".*tcp, redis, kafka`) as string,
      });
    }
  });
});

describe('the package of a transport', () => {
  const [, program] = process.argv;
  const folders: string[] = [];

  /** An application with a package of this content, as the program that runs. */
  async function runApplication(content: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-'));
    folders.push(folder);
    const home = join(folder, 'node_modules/@parley/transport-redis');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
    await writeFile(join(home, 'index.js'), content);
    process.argv[1] = join(folder, 'main.js');
  }

  afterEach(async () => {
    process.argv[1] = program as string;
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  it('is found as seen from the application', async () => {
    await runApplication(`export const redis = (options) => ({ transport: 'redis', options });`);
    expect(await findTransport({ transport: 'redis', options: { timeout: 5 } }, [])).toEqual({
      transport: 'redis',
      options: { timeout: 5 },
    });
  });

  it('that the application has not installed is refused with 400 that says how to do that', async () => {
    await runApplication('');
    await expect(findTransport({ transport: 'kafka' }, [])).rejects.toMatchObject({
      name: 'RpcException',
      code: 400,
      message: expect.stringContaining('npm install @parley/transport-kafka') as string,
    });
  });

  it('is found also when the program is started by a link to it, as npm makes them for a `bin`', async () => {
    await runApplication(`export const redis = (options) => ({ transport: 'redis', options });`);
    const elsewhere = await mkdtemp(join(tmpdir(), 'parley-'));
    folders.push(elsewhere);
    await writeFile(process.argv[1] as string, '');
    await symlink(process.argv[1] as string, join(elsewhere, 'app'));
    process.argv[1] = join(elsewhere, 'app');
    expect(await findTransport({ transport: 'redis' }, [])).toMatchObject({ transport: 'redis' });
  });

  it('that does not export the transport is refused with 501', async () => {
    await runApplication('export const other = 1;');
    await expect(findTransport({ transport: 'redis' }, [])).rejects.toMatchObject({
      code: 501,
      message: expect.stringContaining('@parley/transport-redis does not export redis()') as string,
    });
  });

  it('that cannot be loaded is refused with what is wrong with it', async () => {
    await runApplication('throw new Error("its driver is missing");');
    await expect(findTransport({ transport: 'redis' }, [])).rejects.toThrow(/its driver is missing/);
  });
});
