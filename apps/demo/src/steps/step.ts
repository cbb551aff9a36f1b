import type { ClientProxy } from '@parley/core';
import type { ServiceName } from '../services.ts';
import type { Aftermath } from '../transports.ts';

/** One thing that the demo shows. Fails by throwing. */
export interface Step {
  readonly title: string;
  /** What one writes to have it. */
  readonly code: string;
  run(stage: Stage): Promise<void>;
}

/** What a step finds. */
export interface Stage {
  readonly users: ClientProxy;
  readonly notifications: ClientProxy;
  /** Where the gateway serves HTTP. */
  readonly gateway: string;
  /** What a caller is to expect when its service dies. */
  readonly aftermath: Aftermath;
  /** Says what has happened; the time since the last thing said is written beside it. */
  readonly say: (text: string) => void;
  readonly start: (service: ServiceName) => Promise<void>;
  /** Without a goodbye, as `kill -9` does. Says how. */
  readonly kill: (service: ServiceName) => Promise<string>;
  /** As a deployment does: it finishes what it is at. */
  readonly close: (service: ServiceName) => Promise<void>;
}
