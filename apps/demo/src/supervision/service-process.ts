import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { serviceFile } from '../files.ts';
import type { StartOptions } from '../running-service.ts';
import type { ServiceName } from '../services.ts';

/** What a service's process tells the one that started it. */
export type FromService =
  | { readonly kind: 'ready'; readonly port: number | undefined }
  | { readonly kind: 'failed'; readonly message: string };

/** A service in a process of its own. */
export class ServiceProcess {
  readonly #name: ServiceName;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | string>;
  #isMeantToEnd = false;

  /** @param onLost called when the process ends and nobody has ended it. */
  constructor(name: ServiceName, options: StartOptions, onLost: (error: Error) => void) {
    this.#name = name;
    this.#child = fork(serviceFile, [name, JSON.stringify(options)]);
    this.#ended = once(this.#child, 'exit').then(([code, signal]) => (signal ?? code) as number | string);
    void this.#ended.then((how) => {
      if (!this.#isMeantToEnd) onLost(new Error(`The ${name} service has ended unexpectedly (${how})`));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves with its port when it can be called. @throws Error saying why it cannot. */
  async ready(): Promise<number | undefined> {
    const [message] = (await Promise.race([once(this.#child, 'message'), this.#ended.then(() => [])])) as [
      FromService?,
    ];
    if (message?.kind === 'ready') return message.port;
    await this.kill();
    throw new Error(`The ${this.#name} service did not start: ${message?.message ?? 'its process ended'}`);
  }

  /** @throws Error when it does not end well. */
  async close(): Promise<void> {
    this.#isMeantToEnd = true;
    if (this.#child.connected) this.#child.send('close');
    const how = await this.#ended;
    if (how !== 0) throw new Error(`The ${this.#name} service did not close well (${how})`);
  }

  /** As `kill -9` does. */
  async kill(): Promise<void> {
    this.#isMeantToEnd = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
