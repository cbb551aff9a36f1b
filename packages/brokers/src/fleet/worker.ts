import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { standStill } from '../shared/stand-still.ts';
import { atOurDeath } from '../shared/watchdog.ts';
import type { Duty, Order } from './duty.ts';

interface Reply {
  readonly number: number;
  readonly answer?: unknown;
  readonly failure?: string;
}

/** A process of a fleet, which serves orders. */
export class Worker {
  readonly name: string;
  /** Resolves when it is gone, with how it ended. */
  readonly exited: Promise<string>;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #orders = 0;
  #output = '';
  #end: string | undefined;

  /** Resolves when it is ready. @throws Error with what it printed if it ends before. */
  static async start(fixture: URL, duty: Duty): Promise<Worker> {
    const worker = new Worker(fixture, duty);
    await Promise.race([once(worker.#process, 'message'), worker.exited]);
    if (worker.#end !== undefined) throw new Error(`${duty.name} ${worker.#end}: ${worker.#output}`);
    worker.#process.on('message', (reply: Reply) => worker.#settle(reply));
    return worker;
  }

  private constructor(fixture: URL, duty: Duty) {
    this.name = duty.name;
    this.#process = fork(fileURLToPath(fixture), [JSON.stringify(duty)], {
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
      for (const waiting of this.#waiting.values()) waiting.reject(this.#gone());
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

  /** @throws Error with what went wrong in it, or how it ended before it had answered. */
  async order<T>(order: string, detail?: unknown): Promise<T> {
    if (this.#end !== undefined) throw this.#gone();
    const number = ++this.#orders;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(number, waiting);
    // That it is gone `exited` says.
    this.#process.send({ number, order, detail } satisfies Order, () => {});
    return (await waiting.promise) as T;
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

  /** Nothing of it runs when this returns. */
  pause(): void {
    this.#process.kill('SIGSTOP');
    if (this.#process.pid !== undefined) standStill(this.#process.pid);
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  #gone(): Error {
    return new Error(`${this.name} ${this.#end}: ${this.#output}`);
  }

  #settle({ number, answer, failure }: Reply): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (failure === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(`${this.name}: ${failure}`));
  }
}
