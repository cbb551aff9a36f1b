import type { ServiceName } from '../services.ts';
import type { Ports, Wire } from '../transports.ts';
import { ServiceProcess } from './service-process.ts';
import type { StartedService, Supervisor } from './supervisor.ts';

/** What processes of their own can reach each other over. */
export type SeparateWire = Exclude<Wire, { transport: 'memory' }>;

/** Each service in a process of its own, as in the world outside. */
export class SeparateProcesses implements Supervisor {
  readonly #wire: SeparateWire;
  readonly #httpPort: number;
  readonly #processes = new Map<ServiceName, ServiceProcess>();
  readonly #lost = Promise.withResolvers<never>();
  #ports: Ports = {};

  constructor(wire: SeparateWire, httpPort: number) {
    this.#wire = wire;
    this.#httpPort = httpPort;
    // Nobody may be listening at the moment.
    this.#lost.promise.catch(() => undefined);
  }

  get wire(): Wire {
    return this.#wire.transport === 'tcp' ? { ...this.#wire, ports: this.#ports } : this.#wire;
  }

  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  async start(name: ServiceName): Promise<StartedService> {
    const options = { wire: this.wire, httpPort: this.#httpPort };
    const service = new ServiceProcess(name, options, this.#lost.reject);
    this.#processes.set(name, service);
    const port = await service.ready();
    // Who is told the ports later finds it, and itself listens there again after a restart.
    if (port !== undefined && name !== 'gateway') this.#ports = { ...this.#ports, [name]: port };
    return { place: `pid ${service.pid}`, port };
  }

  async kill(name: ServiceName): Promise<string> {
    const service = this.#processes.get(name);
    await service?.kill();
    this.#processes.delete(name);
    return `kill -9 ${service?.pid}, the ${name} service`;
  }

  async close(name: ServiceName): Promise<void> {
    await this.#processes.get(name)?.close();
    this.#processes.delete(name);
  }

  killAll(): void {
    for (const service of this.#processes.values()) void service.kill();
  }
}
