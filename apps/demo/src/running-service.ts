import type { Wire } from './transports.ts';

/** A service that is up. */
export interface RunningService {
  /** Where it is reached, on 127.0.0.1: over TCP, or the gateway over HTTP. `undefined` where a broker finds it. */
  readonly port: number | undefined;
  /** Stops taking, finishes what runs (for up to `timeout` milliseconds), disconnects. Idempotent. */
  close(options?: { readonly timeout?: number }): Promise<void>;
}

export interface StartOptions {
  readonly wire: Wire;
  /** The gateway's, for HTTP. 0 is any that is free. */
  readonly httpPort: number;
}

/** Resolves when the service can be called. */
export type StartService = (options: StartOptions) => Promise<RunningService>;
