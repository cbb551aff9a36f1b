import { spawnSync } from 'node:child_process';
import { root } from './workspace.ts';

/** Runs a command and returns what it printed; the error of one that fails says what it printed, too. */
export function run(command: string, args: readonly string[], cwd = root): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}
