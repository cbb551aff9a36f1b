import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DataFolder, dataFolder } from '@parley/brokers/shared';
import { expect, onTestFinished } from 'vitest';
import type { RedisOptions } from '../../src/index.ts';
import type { Duty, Entry } from './fixtures/duty.ts';
import { Worker } from './worker.ts';

/** The processes of one test and their journals. The test's end kills those that are left. */
export class Fleet {
  readonly workers: Worker[] = [];
  readonly #folder: DataFolder;
  readonly #names: string[] = [];

  static async muster(): Promise<Fleet> {
    const fleet = new Fleet(await dataFolder('chaos'));
    onTestFinished(async ({ task }) => {
      if (task.result?.state === 'fail') console.error(fleet.#report());
      await Promise.all(fleet.workers.map((worker) => worker.kill()));
      await fleet.#folder.remove();
    });
    return fleet;
  }

  private constructor(folder: DataFolder) {
    this.#folder = folder;
  }

  /** Starts `fixtures/<fixture>.ts`. */
  async start(fixture: string, name: string, options: RedisOptions, more: object = {}): Promise<Worker> {
    this.#names.push(name);
    const duty: Duty = { name, journal: this.#path(name), options, ...more };
    const worker = await Worker.start(`${fixture}.ts`, duty);
    this.workers.push(worker);
    return worker;
  }

  /** What a process wrote until now; without a name, what all did. */
  journal(name?: string): Entry[] {
    return (name === undefined ? this.#names : [name]).flatMap((each) => {
      const lines = readFileSync(this.#path(each), { encoding: 'utf8', flag: 'a+' }).split('\n');
      // A line that is being written right now has no end yet.
      return lines.slice(0, -1).map((line) => JSON.parse(line) as Entry);
    });
  }

  /** The lines of a journal with that word, such as `handled`. */
  entries(what: string, name?: string): Entry[] {
    return this.journal(name).filter(([word]) => word === what);
  }

  /** Nothing happened that nobody caught, and no process ended that was not told to. */
  expectSound(): void {
    expect(this.entries('unhandled')).toEqual([]);
    expect(
      this.workers.filter(({ end }) => end !== undefined && end !== 'was ended by SIGKILL').map(({ end }) => end),
    ).toEqual([]);
  }

  /** What is to be known of a test that failed. */
  #report(): string {
    return this.workers
      .map(({ name, end = 'runs', output }) => {
        const journal = this.journal(name);
        const logged = journal.filter(([what]) => what === 'log' || what === 'unhandled').slice(-20);
        return [
          `${name} ${end}`,
          output,
          ...[...logged, '…', ...journal.slice(-10)].map((entry) => JSON.stringify(entry)),
        ];
      })
      .flat()
      .join('\n');
  }

  #path(name: string): string {
    return join(this.#folder.path, `${name}.jsonl`);
  }
}
