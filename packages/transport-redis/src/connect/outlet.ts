import type { Called } from './light-command.ts';

/** How one PUBLISH leaves. */
export interface Outlet {
  /** Whether what is published now is written to a socket. */
  readonly isOpen: boolean;
  /** Calls back with the number of receivers. */
  publish(channel: string, message: string | Buffer, called: Called): void;
}
