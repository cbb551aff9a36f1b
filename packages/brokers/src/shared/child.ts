import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { standStill } from './stand-still.ts';
import { atOurDeath } from './watchdog.ts';

/** How many characters of a child's output are kept, the latest. */
const logLimit = 64 * 1024;

export interface ChildOptions {
  readonly cwd?: string | undefined;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** A shell command that ends it when this process dies, for what does not die with its processes. */
  readonly undo?: string | undefined;
}

/** A process with its own children as one group, which does not outlive ours, and whose output is kept. */
export class Child {
  /** Resolves, with how it ended, when the process is gone and its output is read. */
  readonly exited: Promise<string>;
  readonly #process: ChildProcess;
  #log = '';
  #ended = false;

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    this.#process = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: signals reach what a start script starts, and Ctrl-C leaves the order of closing to us.
      detached: true,
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-logLimit);
      });
    }
    this.exited = this.#watch(options.undo);
  }

  /** `undefined` if it could not be started at all: `exited` then says why. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get running(): boolean {
    return !this.#ended;
  }

  /** The last of what it wrote to stdout and stderr. */
  get log(): string {
    return this.#log;
  }

  /** To the whole group; nothing, if it is gone. */
  signal(signal: NodeJS.Signals): void {
    if (this.#process.pid === undefined || this.#ended) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch {
      // ESRCH: it is just going.
    }
  }

  /** SIGSTOP. Nothing of it runs when this returns. */
  pause(): void {
    this.signal('SIGSTOP');
    if (this.#process.pid !== undefined && !this.#ended) standStill(this.#process.pid);
  }

  /** SIGTERM, and SIGKILL after `patience` ms. Resolves when it is gone; also when it is paused, or gone already. */
  async stop(patience = 10_000): Promise<void> {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const timer = setTimeout(() => this.signal('SIGKILL'), patience);
    await this.exited;
    clearTimeout(timer);
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  async #watch(undo: string | undefined): Promise<string> {
    const { pid } = this.#process;
    const forget = pid === undefined ? undefined : atOurDeath(undo ?? `kill -9 -${pid}`);
    try {
      const [code, signal] = (await once(this.#process, 'close')) as [number | null, NodeJS.Signals | null];
      return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
    } catch (error) {
      return `could not be started: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      this.#ended = true;
      forget?.();
    }
  }
}
