import { type ChildProcess, spawn } from 'node:child_process';

/**
 * A shell that reads what is to be undone, the last line winning, and does it when the pipe ends: whatever ends this
 * process, SIGKILL too, ends the pipe. It is the leader of a session of its own, so that Ctrl-C does not reach it.
 */
const script = `undo=; while IFS= read -r line; do undo=$line; done; eval "$undo"`;

const undos = new Map<symbol, string>();
let watchdog: ChildProcess | undefined;

/** Has a shell command (one line, it may fail) run when this process dies, however it dies. @returns what forgets it. */
export function atOurDeath(command: string): () => void {
  const key = Symbol(command);
  undos.set(key, command);
  tell();
  return () => {
    if (undos.delete(key)) tell();
  };
}

/** Text as one word of a shell command. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function tell(): void {
  watchdog ??= startWatchdog();
  // The latest first: a process is killed before its folder is removed.
  watchdog.stdin?.write(`${[...undos.values()].reverse().join('; ')}\n`);
}

function startWatchdog(): ChildProcess {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Without it what was to be undone is left behind, which is no reason to fail a test.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  // Neither keeps this process alive.
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}
