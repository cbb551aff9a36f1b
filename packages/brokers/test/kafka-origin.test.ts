import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startKafka } from '../src/kafka/index.ts';
import jars from '../src/kafka/java/jars.json' with { type: 'json' };
import { jarsFingerprint, kafkaVersion } from '../src/kafka/java/jars.ts';
import { cacheRoot } from '../src/shared/cache-folder.ts';
import { run } from '../src/shared/run.ts';
import { until } from '../src/shared/until.ts';
import { isAlive } from './clients.ts';
import { createTopic, kafkajs } from './kafka-clients.ts';

/** What is in the cache of this machine: the jars, the archive of classes. */
let ours: string;

// Java is started in caches of its own here, and its archive of classes made, which takes a loaded machine a while.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

beforeAll(async () => {
  vi.stubEnv('KAFKA_BROKERS', '');
  await (await startKafka()).close();
  ours = join(cacheRoot(), `kafka-${kafkaVersion}-${jarsFingerprint}`);
});

beforeEach(() => {
  vi.stubEnv('KAFKA_BROKERS', '');
});

interface Outcome {
  readonly error?: string;
  kill(): Promise<void>;
}

interface Started extends Outcome {
  readonly pids: readonly number[];
  readonly brokers: readonly string[];
}

interface Found extends Outcome {
  readonly folder: string;
}

type Environment = Readonly<Record<string, string>>;

/** Starts one in a process of its own. */
function startElsewhere(env: Environment = {}): Promise<Started> {
  return elsewhere('start-kafka', env);
}

/** Has it put into the cache by a process of its own. */
function findElsewhere(env: Environment): Promise<Found> {
  return elsewhere('find-kafka', env);
}

async function elsewhere<T extends Outcome>(fixture: string, env: Environment): Promise<T> {
  const child = fork(join(import.meta.dirname, 'fixtures', `${fixture}.ts`), {
    env: { ...process.env, KAFKA_BROKERS: '', ...env },
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  onTestFinished(kill);
  const [outcome] = (await once(child, 'message')) as [T];
  return { ...outcome, kill };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A PATH with nothing but these commands. */
async function pathWith(...commands: string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const command of commands) {
    await symlink((await run('sh', ['-c', `command -v ${command}`])).trim(), join(folder, command));
  }
  return folder;
}

/** A Maven repository of what is in the cache. */
async function startRepository(change: (name: string, jar: Buffer) => Buffer = (_, jar) => jar): Promise<string> {
  const server = createServer((request, response) => {
    const path = request.url?.replace('/maven2/', '') ?? '';
    if (path in jars) response.end(change(basename(path), readFileSync(join(ours, 'libs', basename(path)))));
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/maven2/`;
}

describe('a Kafka that nobody closes', () => {
  it('ends with the process that started it, its data too', async () => {
    const starter = await startElsewhere();
    const [pid = 0] = starter.pids;
    const folder = await readFile(`/proc/${pid}/cmdline`, 'utf8')
      .then((line) => /(\/[^\0]+)\/server\.properties/.exec(line)?.[1])
      .catch(() => undefined);
    expect(isAlive(pid)).toBe(true);
    await starter.kill();
    await until('Kafka to be gone', () => !isAlive(pid));
    if (folder === undefined) return;
    await until('its data to be gone', () => !existsSync(folder));
  });
});

describe('where Kafka is from', () => {
  it('KAFKA_BROKERS, which is not ours to break', async () => {
    await using own = await startKafka();
    vi.stubEnv('KAFKA_BROKERS', `127.0.0.1:1, ${own.brokers[0]}`);
    const broker = await startKafka();
    expect(broker.brokers).toEqual(['127.0.0.1:1', own.brokers[0]]);
    await createTopic(kafkajs(broker.brokers), 'ours');
    for (const act of ['stop', 'kill', 'start', 'restart'] as const) {
      await expect(broker[act]()).rejects.toThrow(/KAFKA_BROKERS cannot be .*: it is not ours/);
    }
    expect(() => broker.pause()).toThrow('cannot be paused');
    expect(() => broker.resume()).toThrow('cannot be resumed');
    await expect(startKafka({ nodes: 3 })).rejects.toThrow('cannot be started with `nodes`');
    await broker.close();
    expect(isAlive(own.pids[0])).toBe(true);

    vi.stubEnv('KAFKA_BROKERS', '127.0.0.1:1');
    await expect(startKafka()).rejects.toThrow('no broker of KAFKA_BROKERS (127.0.0.1:1) accepts connections');
  });

  it('without Maven, the repository that MAVEN_REPOSITORY names, for two at once', async () => {
    const cache = await temporaryFolder();
    const env = {
      XDG_CACHE_HOME: cache,
      PATH: await pathWith('java', 'sh', 'rm'),
      MAVEN_REPOSITORY: await startRepository(),
    };
    for (const { error, folder } of await Promise.all([findElsewhere(env), findElsewhere(env)])) {
      expect(error).toBeUndefined();
      expect(folder).toBe(join(cache, 'parley', basename(ours)));
    }
    const folders = await readdir(join(cache, 'parley'));
    expect(folders).toEqual([basename(ours)]);
    expect((await readdir(join(cache, 'parley', basename(ours), 'libs'))).sort()).toEqual(
      Object.keys(jars)
        .map((path) => basename(path))
        .sort(),
    );
  });

  it('takes no jar that is not the one it knows', async () => {
    const repository = await startRepository((name, jar) => (name.startsWith('jspecify') ? Buffer.from('evil') : jar));
    const { error } = await findElsewhere({
      XDG_CACHE_HOME: await temporaryFolder(),
      PATH: await pathWith('java', 'sh', 'rm'),
      MAVEN_REPOSITORY: repository,
    });
    expect(error).toMatch(/jspecify-[\d.]+\.jar is not the one that is known/);
  });

  it('says how to get one where there is none', async () => {
    const cache = await temporaryFolder();
    const nothing = await startElsewhere({ XDG_CACHE_HOME: cache, PATH: await pathWith('sh', 'rm'), JAVA_HOME: cache });
    expect(nothing.error).toMatch(/Install Java 17 and Maven.*Docker.*KAFKA_BROKERS/);
    expect(nothing.error).toContain('there is no java in JAVA_HOME');
    const path = await pathWith('sh', 'rm', 'java');
    const noMaven = await startElsewhere({ XDG_CACHE_HOME: cache, PATH: path, MAVEN_REPOSITORY: '' });
    expect(noMaven.error).toMatch(/install mvn, or set MAVEN_REPOSITORY/);
    expect(noMaven.error).toMatch(/with Docker: /);
  });
});

describe('the archive of classes', () => {
  /** A cache of its own, with our jars and what `spoil` made of our archive. */
  async function cacheWith(spoil: (archive: string) => Promise<void>): Promise<string> {
    const cache = await temporaryFolder();
    const folder = join(cache, 'parley', basename(ours));
    await mkdir(folder, { recursive: true });
    await symlink(join(ours, 'libs'), join(folder, 'libs'));
    const names = await readdir(ours);
    // One archive, though others may have made theirs at the same time, or be at it.
    const archive = names.find((name) => name.endsWith('.jsa'));
    for (const name of names) {
      if (name === archive || !/^(?:libs$|classes-)/.test(name)) await cp(join(ours, name), join(folder, name));
    }
    await run('chmod', ['-R', 'u+w', folder]);
    await spoil(join(folder, archive ?? ''));
    return cache;
  }

  it('is made anew when it is too short', async () => {
    const cache = await cacheWith((archive) => truncate(archive, 1_000_000));
    const { error, brokers } = await startElsewhere({ XDG_CACHE_HOME: cache });
    expect(error).toBeUndefined();
    await createTopic(kafkajs(brokers), 'ours');
    const archives = (await readdir(join(cache, 'parley', basename(ours)))).filter((name) => name.endsWith('.jsa'));
    expect(archives.length).toBeGreaterThan(0);
  });

  it('costs only time when it is damaged, or empty because none could be made', async () => {
    const damage = async (archive: string): Promise<void> => {
      const content = await readFile(archive);
      for (let at = content.length / 4; at < content.length / 2; at += 4096) content.writeUInt8(0x5a, Math.floor(at));
      await writeFile(archive, content);
    };
    const empty = async (archive: string): Promise<void> => {
      await rm(archive);
      await writeFile(archive.replace(/\d+\.jsa$/, '0.jsa'), '');
    };
    for (const spoil of [damage, empty]) {
      const { error, brokers } = await startElsewhere({ XDG_CACHE_HOME: await cacheWith(spoil) });
      expect(error).toBeUndefined();
      await createTopic(kafkajs(brokers), 'ours');
    }
  });
});
