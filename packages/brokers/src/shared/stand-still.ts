import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds. */
const patience = 2000;

/**
 * Returns when all threads of a process that was sent a SIGSTOP stand still. The kernel gives the signal to one of them, and
 * until that one has its turn on a busy machine the others go on, and answer. Where there is no /proc, returns at once.
 */
export function standStill(pid: number): void {
  const deadline = performance.now() + patience;
  while (!areStopped(pid) && performance.now() < deadline);
}

function areStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => isStopped(pid, thread));
  } catch {
    return true;
  }
}

function isStopped(pid: number, thread: string): boolean {
  const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
  // Behind the name, which may hold anything: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  return 'TtZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
}
