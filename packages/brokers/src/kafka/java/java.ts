import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** The oldest that Kafka 4 runs on. */
const oldestVersion = 17;

/** A Java of this machine. */
export interface Java {
  readonly path: string;
  /** Another one after an update: what is made with one is not for another. */
  readonly fingerprint: string;
}

/** In JAVA_HOME, else on PATH. @throws Error if there is none. */
export async function findJava(): Promise<Java> {
  const { JAVA_HOME, PATH = '' } = process.env;
  const folders = JAVA_HOME === undefined ? PATH.split(delimiter) : [join(JAVA_HOME, 'bin')];
  for (const folder of folders) {
    const path = join(folder, 'java');
    try {
      await access(path, constants.X_OK);
      const { size, mtimeMs } = await stat(await realpath(path));
      return { path, fingerprint: `${size.toString(36)}${Math.floor(mtimeMs).toString(36)}` };
    } catch {
      // Not here.
    }
  }
  throw new Error(`there is no java ${JAVA_HOME === undefined ? 'on PATH' : `in JAVA_HOME (${JAVA_HOME})`}`);
}

/** @throws Error if it is too old. */
export async function checkJava({ path }: Java): Promise<void> {
  // It tells its version on stderr.
  const { stderr } = await exec(path, ['-version']);
  const version = /version "(?:1\.)?(\d+)/.exec(stderr)?.[1];
  if (Number(version) >= oldestVersion) return;
  throw new Error(`${path} is too old: Kafka needs Java ${oldestVersion}, this is ${stderr.split('\n', 1)[0]}`);
}
