import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** The demo as a person starts it: a process of its own, of which there is what it prints and how it ends. */
export class Demo {
  readonly #child: ChildProcess;
  /** What it has printed so far, to stdout and stderr. */
  output = '';
  readonly #exitCode: Promise<number | null>;

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#exitCode = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** Resolves when it has printed what the pattern matches. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      const ended = await Promise.race([this.#exitCode, new Promise((resolve) => setTimeout(resolve, 20, 'waiting'))]);
      if (ended !== 'waiting') throw new Error(`The demo ended without printing ${pattern}:\n${this.output}`);
    }
  }

  /** Resolves when it has ended with this exit code, and rejects with what it printed when it was another. */
  async endsWith(code: number): Promise<void> {
    const actual = await this.#exitCode;
    if (actual !== code) throw new Error(`The demo ended with ${actual} instead of ${code}:\n${this.output}`);
  }

  /** Resolves when it has ended, however it did. */
  async ends(): Promise<void> {
    await this.#exitCode;
  }

  /** Processes of its services, from the transcript. */
  get servicePids(): number[] {
    return [...this.output.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** For tests that fail in between: nothing of it stays. */
  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
