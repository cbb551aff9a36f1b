/** How one PUBLISH leaves. */
export interface Outlet {
  /** Whether what is published now is written to a socket. */
  readonly isOpen: boolean;
  publish(channel: string, message: string | Buffer, called: Called): void;
}

/** As ioredis calls back: with the number of receivers, or with an error. */
export type Called = (error?: Error | null, receivers?: number) => void;
