import { Child } from '../shared/child.ts';
import { run } from '../shared/run.ts';

/** A redis-server that can be run here. */
export interface RedisProgram {
  /** Where it is from, for errors. */
  readonly origin: string;
  /** Runs it with a redis.conf that is in `folder`, the only one that it writes to. */
  launch(config: string, folder: string, flags: readonly string[]): Child;
}

/** The oldest that is taken: sharded pub/sub came with it. */
export const oldestVersion = 7;

/** One by its path or name, asked for its version. @throws Error if it cannot be run, or is too old. */
export async function localRedis(command: string, env: Readonly<Record<string, string>>): Promise<RedisProgram> {
  const told = await run(command, ['--version'], { env });
  const version = /\bv=(\d+)[.\d]*/.exec(told);
  if (version === null || Number(version[1]) < oldestVersion) throw new Error(`it is too old: ${told.trim()}`);
  return {
    origin: `${command}, ${version[0].slice(2)}`,
    launch: (config, folder, flags) => new Child(command, [config, ...flags], { cwd: folder, env }),
  };
}
