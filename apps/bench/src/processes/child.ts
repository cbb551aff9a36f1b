import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Asker } from './messages.ts';

/** What a pair of processes is to do; given to both as JSON. */
export interface Assignment {
  /** `parley/tcp` … */
  readonly contestant: string;
  readonly case: string;
  readonly broker: string;
  /** Its CPU is ours. */
  readonly brokerPid?: number | undefined;
  readonly run: string;
  /** A folder for the CPU profiles of both. */
  readonly profile?: string | undefined;
}

/** A process of the bench that can be asked. */
export interface Child {
  readonly pid: number;
  readonly asker: Asker;
  /** Asks it to end, and makes it end after 5 s. */
  stop(): Promise<void>;
}

export function startChild(role: 'server' | 'client', assignment: Assignment): Child {
  const file = fileURLToPath(new URL(`./${role}-process.ts`, import.meta.url));
  const child = fork(file, [JSON.stringify(assignment)], {
    // kafkajs computes such times, which do no harm.
    execArgv: ['--disable-warning=TimeoutNegativeWarning', ...profiling(role, assignment)],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'json',
  });
  const asker = new Asker(child, `the ${role} of ${assignment.contestant}`);
  return { pid: child.pid ?? 0, asker, stop: () => stop(child, asker) };
}

async function stop(child: ChildProcess, asker: Asker): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await asker.ask('close', undefined, 5_000).catch(() => undefined);
  if (child.connected) child.disconnect();
  await gone;
  clearTimeout(timer);
}

function profiling(role: string, { profile, contestant, case: name }: Assignment): string[] {
  if (profile === undefined) return [];
  const file = `${contestant}-${name}-${role}.cpuprofile`.replaceAll('/', '-');
  return ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${file}`];
}
