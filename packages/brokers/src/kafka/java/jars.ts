import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../shared/run.ts';
import pinned from './jars.json' with { type: 'json' };

/** Kafka's jars, by where they are in a Maven repository, with their SHA-256. */
const jars: readonly (readonly [path: string, sha256: string])[] = Object.entries(pinned);

/** Changes with every jar. */
export const jarsFingerprint = createHash('sha256').update(JSON.stringify(pinned)).digest('hex').slice(0, 8);

/** Of the Kafka that the jars are. */
export const kafkaVersion = /kafka-clients-([\d.]+)\.jar/.exec(JSON.stringify(pinned))?.[1] ?? 'unknown';

/** Gets them into a folder: by Maven, else over HTTP from MAVEN_REPOSITORY. @throws Error if neither has them. */
export async function fetchJars(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  try {
    await fetchByMaven(folder);
  } catch (error) {
    const { MAVEN_REPOSITORY } = process.env;
    if (MAVEN_REPOSITORY === undefined || MAVEN_REPOSITORY === '') {
      throw new Error(
        "install mvn, or set MAVEN_REPOSITORY to a Maven repository's base URL, such as that of Maven Central, " +
          `to have Kafka's jars fetched from there (mvn: ${error instanceof Error ? error.message.trim() : String(error)})`,
        { cause: error },
      );
    }
    await download(MAVEN_REPOSITORY.replace(/\/+$/, ''), folder);
  }
}

async function fetchByMaven(folder: string): Promise<void> {
  // A copy: Maven may write beside the pom.
  const pom = join(folder, '..', 'pom.xml');
  await copyFile(fileURLToPath(new URL('./pom.xml', import.meta.url)), pom);
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
  await run('mvn', ['-q', '-B', '-f', pom, ...goal], { cwd: tmpdir() });
  for (const [path, sha256] of jars) check(path, sha256, await readFile(join(folder, basename(path))));
}

async function download(repository: string, folder: string): Promise<void> {
  const left = [...jars];
  const fetchNext = async (): Promise<void> => {
    for (let jar = left.pop(); jar !== undefined; jar = left.pop()) await fetchJar(repository, jar, folder);
  };
  // To the end of each, also when one has failed: the folder is then removed.
  const outcomes = await Promise.allSettled(
    Array.from({ length: 4 }, () =>
      fetchNext().catch((error: unknown) => {
        left.length = 0;
        throw error;
      }),
    ),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function fetchJar(repository: string, [path, sha256]: (typeof jars)[number], folder: string): Promise<void> {
  const response = await fetch(`${repository}/${path}`, { signal: AbortSignal.timeout(120_000) });
  if (!response.ok) throw new Error(`${response.url} of MAVEN_REPOSITORY answers ${response.status}`);
  const content = Buffer.from(await response.arrayBuffer());
  check(path, sha256, content);
  await writeFile(join(folder, basename(path)), content);
}

function check(path: string, sha256: string, content: Buffer): void {
  const actual = createHash('sha256').update(content).digest('hex');
  if (actual !== sha256) throw new Error(`${path} is not the one that is known: its SHA-256 is ${actual}`);
}
