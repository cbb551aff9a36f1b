import type { ServiceName } from '../services.ts';
import type { Wire } from '../transports.ts';

/** Starts and stops services, wherever they run. */
export interface Supervisor {
  /** How to reach the services that are up. */
  readonly wire: Wire;
  /** Rejects when a service ends that nobody has ended. */
  readonly lost: Promise<never>;
  /** Starts a service, again if it was killed. @throws Error saying why it cannot. */
  start(name: ServiceName): Promise<StartedService>;
  /** Ends a service from one moment to the next, without a goodbye. @returns how, for the transcript. */
  kill(name: ServiceName): Promise<string>;
  /** Lets a service finish what it is at. @throws Error when that fails. */
  close(name: ServiceName): Promise<void>;
  /** Ends whatever is left, at once. */
  killAll(): void;
}

/** For the transcript. */
export interface StartedService {
  /** `pid 4711` */
  readonly place: string;
  readonly port: number | undefined;
}
