import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalKafka } from '../local-kafka.ts';
import type { JavaProgram } from './java-program.ts';

/**
 * The same program with an archive of its classes, ready to be mapped into memory (AppCDS): it starts in 0.7 s instead of
 * 1.8 s. Made once, by running a node, which takes some 5 s.
 *
 * The archive bears its size in its name, because Java crashes on one that is too short; of one that is damaged or made
 * by another Java, Java itself says so, and starts without.
 */
export async function withClassArchive(program: JavaProgram): Promise<JavaProgram> {
  const archive = (await findArchive(program)) ?? (await makeArchive(program));
  if (archive === undefined) return program;
  return program.with(`-XX:SharedArchiveFile=${archive}`, '-XX:+VerifySharedSpaces', '-Xshare:auto', '-Xlog:cds=off');
}

/** `undefined`: none is there. An empty one stands for one that could not be made: nobody tries that again. */
async function findArchive({ folder, java }: JavaProgram): Promise<string | undefined> {
  for (const name of await readdir(folder)) {
    const size = new RegExp(`^classes-${java.fingerprint}-(\\d+)\\.jsa$`).exec(name)?.[1];
    const path = join(folder, name);
    if (size !== undefined && (await stat(path)).size === Number(size)) return path;
  }
  return undefined;
}

async function makeArchive(program: JavaProgram): Promise<string | undefined> {
  const { folder, java } = program;
  const temporary = join(folder, `classes-${randomUUID()}.tmp`);
  try {
    await using kafka = await LocalKafka.start(program.with(`-XX:ArchiveClassesAtExit=${temporary}`), {});
    // It is written when Java ends, which takes seconds, and on a busy machine many.
    await kafka.stop(undefined, 60_000);
    const { size } = await stat(temporary);
    const archive = join(folder, `classes-${java.fingerprint}-${size}.jsa`);
    await rename(temporary, archive);
    return archive;
  } catch {
    await rm(temporary, { force: true });
    await writeFile(join(folder, `classes-${java.fingerprint}-0.jsa`), '');
    return undefined;
  }
}
