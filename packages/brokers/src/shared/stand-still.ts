import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds. */
const patience = 10_000;

const never = new Int32Array(new SharedArrayBuffer(4));

/**
 * Returns when all threads of a process that was sent a SIGSTOP stand still. The kernel gives the signal to one of them, and
 * until that one has its turn on a busy machine the others go on, and answer. Where there is no /proc, returns at once.
 */
export function standStill(pid: number): void {
  const deadline = performance.now() + patience;
  // It waits a millisecond, and does not spin: on a busy machine that is the turn the process is to have.
  while (!areStopped(pid) && performance.now() < deadline) Atomics.wait(never, 0, 0, 1);
}

function areStopped(pid: number): boolean {
  const threads = ifThere(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  return threads.every((thread) => isStopped(pid, thread));
}

/** Also of a thread that has ended meanwhile: it says nothing about the others. */
function isStopped(pid: number, thread: string): boolean {
  const stat = ifThere(() => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1'));
  // Behind the name, which may hold anything: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  return stat === undefined || 'TtZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
