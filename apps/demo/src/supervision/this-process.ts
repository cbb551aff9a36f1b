import { MemoryBroker } from '@parley/transport-memory';
import type { RunningService } from '../running-service.ts';
import { type ServiceName, starters } from '../services.ts';
import type { StartedService, Supervisor } from './supervisor.ts';

/** All services in this process, with a broker in memory between them. */
export class ThisProcess implements Supervisor {
  readonly #broker = new MemoryBroker();
  readonly #httpPort: number;
  readonly #services = new Map<ServiceName, RunningService>();
  readonly wire = { transport: 'memory', broker: this.#broker } as const;
  /** They live and die with this process. */
  readonly lost = new Promise<never>(() => undefined);

  constructor(httpPort: number) {
    this.#httpPort = httpPort;
  }

  async start(name: ServiceName): Promise<StartedService> {
    const service = await starters[name]({ wire: this.wire, httpPort: this.#httpPort });
    this.#services.set(name, service);
    return { place: 'in this process', port: service.port };
  }

  /** Without a process there is nothing to kill, but the broker can lose it in the middle of everything. */
  async kill(name: ServiceName): Promise<string> {
    this.#broker.crash(name);
    // What is left of it here: its handlers do not know that nobody hears them any more.
    await this.close(name, { timeout: 0 });
    return `broker.crash('${name}'), as there is no process of its own to kill`;
  }

  async close(name: ServiceName, options?: { readonly timeout: number }): Promise<void> {
    await this.#services.get(name)?.close(options);
    this.#services.delete(name);
  }

  killAll(): void {
    // They end with the process.
  }
}
