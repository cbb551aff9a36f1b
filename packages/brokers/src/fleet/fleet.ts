import { join } from 'node:path';
import { type DataFolder, dataFolder } from '../shared/data-folder.ts';
import type { Duty, Entry } from './duty.ts';
import { Journal } from './journal.ts';
import { Worker } from './worker.ts';

/** The processes of one test and their journals. Disposing of it kills those that are left. */
export class Fleet implements AsyncDisposable {
  readonly workers: Worker[] = [];
  readonly #journals = new Map<string, Journal>();
  readonly #folder: DataFolder;

  static async muster(): Promise<Fleet> {
    return new Fleet(await dataFolder('fleet'));
  }

  private constructor(folder: DataFolder) {
    this.#folder = folder;
  }

  /** Starts a module that does `takeUp` and `serveOrders`. Resolves when it is ready. */
  async start<T extends Duty>(fixture: URL, duty: Omit<T, 'journal'>): Promise<Worker> {
    const journal = new Journal(join(this.#folder.path, `${duty.name}.jsonl`));
    this.#journals.set(duty.name, journal);
    const worker = await Worker.start(fixture, { ...duty, journal: journal.path });
    this.workers.push(worker);
    return worker;
  }

  /** What a process wrote until now, in its order; without a name, what all did, one process after the other. */
  entries(what: string, name?: string): Entry[] {
    const journals = name === undefined ? [...this.#journals.values()] : [this.#journals.get(name)];
    return journals.flatMap((journal) => journal?.entries.filter(([word]) => word === what) ?? []);
  }

  /** What should not have been: what nobody caught, what was printed, processes that ended and were not told to. */
  get faults(): readonly string[] {
    const endings = ['was ended by SIGKILL', 'exited with code 0', undefined];
    return [
      ...this.entries('unhandled').map((entry) => entry.join(' ')),
      ...this.workers.filter(({ output }) => output !== '').map(({ name, output }) => `${name} printed: ${output}`),
      ...this.workers.filter(({ end }) => !endings.includes(end)).map(({ name, end }) => `${name} ${end}`),
    ];
  }

  /** For a test that failed: how each is, and the last of what it wrote. */
  report(): string {
    return this.workers
      .flatMap(({ name, end = 'runs', output }) => {
        const entries = this.#journals.get(name)?.entries ?? [];
        const logged = entries.filter(([what]) => what === 'log' || what === 'unhandled').slice(-20);
        return [
          `${name} ${end}`,
          output,
          ...[...logged, '…', ...entries.slice(-10)].map((entry) => JSON.stringify(entry)),
        ];
      })
      .join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill()));
    for (const journal of this.#journals.values()) journal.close();
    await this.#folder.remove();
  }
}
