import { closeSync, openSync, readSync } from 'node:fs';
import type { Entry } from './duty.ts';

/** Reads what a process writes, each time only what is new. */
export class Journal {
  readonly path: string;
  readonly #entries: Entry[] = [];
  #file: number | undefined;
  #rest = Buffer.alloc(0);

  constructor(path: string) {
    this.path = path;
  }

  /** All until now. */
  get entries(): readonly Entry[] {
    this.#file ??= openSync(this.path, 'a+');
    const chunk = Buffer.alloc(1024 * 1024);
    for (let read = -1; read !== 0; ) {
      read = readSync(this.#file, chunk, 0, chunk.length, null);
      this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, read)]);
    }
    // A line that is being written right now has no end yet.
    const end = this.#rest.lastIndexOf('\n') + 1;
    const lines = this.#rest.subarray(0, end).toString().split('\n').slice(0, -1);
    this.#rest = this.#rest.subarray(end);
    for (const line of lines) this.#entries.push(JSON.parse(line) as Entry);
    return this.#entries;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
