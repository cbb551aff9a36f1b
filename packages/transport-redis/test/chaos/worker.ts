import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { atOurDeath } from '@parley/brokers/shared';
import type { Duty } from './fixtures/duty.ts';

/** A process of these tests, ready to work; see `fixtures`. */
export class Worker {
  readonly name: string;
  readonly exited: Promise<string>;
  readonly #process: ChildProcess;
  readonly #answers = new Map<number, (answer: unknown) => void>();
  #orders = 0;
  #output = '';
  #end: string | undefined;

  static async start<T extends Duty>(fixture: string, duty: T): Promise<Worker> {
    const worker = new Worker(fixture, duty);
    const ready = once(worker.#process, 'message');
    await Promise.race([ready, worker.exited]);
    if (worker.#end !== undefined) throw new Error(`${duty.name} ${worker.#end}: ${worker.#output}`);
    worker.#process.on('message', ({ number, answer }: { number: number; answer: unknown }) => {
      worker.#answers.get(number)?.(answer);
      worker.#answers.delete(number);
    });
    return worker;
  }

  private constructor(fixture: string, duty: Duty) {
    this.name = duty.name;
    this.#process = fork(join(import.meta.dirname, 'fixtures', fixture), [JSON.stringify(duty)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    // One that is paused does not see that we are gone.
    const forget = atOurDeath(`kill -9 ${this.#process.pid}`);
    this.exited = once(this.#process, 'close').then(([code, signal]) => {
      forget();
      this.#end = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
      return this.#end;
    });
  }

  /** How it ended; `undefined` while it runs. */
  get end(): string | undefined {
    return this.#end;
  }

  /** What it printed, which it should not. */
  get output(): string {
    return this.#output;
  }

  /** @throws Error when it ends before it has answered. */
  async order<T>(order: string): Promise<T> {
    const number = ++this.#orders;
    const answer = new Promise<T>((resolve) => this.#answers.set(number, resolve as (answer: unknown) => void));
    // That it is gone `exited` says.
    this.#process.send({ number, order }, () => {});
    const failed = this.exited.then((end) => {
      throw new Error(`${this.name} ${end}: ${this.#output}`);
    });
    failed.catch(() => {});
    return Promise.race([answer, failed]);
  }

  /** As a service is stopped: it finishes what runs. @returns how it ended. */
  async close(): Promise<string> {
    await this.order('close');
    return this.exited;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.exited;
  }

  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }
}
