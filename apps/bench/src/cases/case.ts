import type { Caller } from '../contestants/contestant.ts';
import type { TransportName } from '../contestants/index.ts';
import type { Latency } from '../measure/samples.ts';
import type { ServerControl } from '../processes/server-control.ts';
import type { Headline } from './headline.ts';

/** Something that is measured. */
export interface BenchCase {
  /** For the head of its table. */
  readonly title: string;
  readonly headline: Headline;
  /** Methods of the server besides `echo`. */
  readonly handlers?: number;
  /** Where it is run. Default: on all. */
  readonly transports?: readonly TransportName[];
  /** Who takes part. Default: all but those that only a case names. */
  readonly makers?: readonly string[];
  /** Who the others are compared with. Default: the floor. */
  readonly reference?: string;
  prepare(stage: Stage): Promise<PreparedCase>;
}

/** What a case has to work with, in the client's process. */
export interface Stage {
  connect(): Promise<Caller>;
  readonly server: ServerControl;
}

export interface PreparedCase {
  /** For about so long. @throws Error when a reply is not right, or something is missing. */
  round(seconds: number): Promise<Outcome>;
  close(): Promise<void>;
}

export interface Outcome {
  /** Calls, events, or replies: of each the case has one kind. */
  readonly operations: number;
  readonly seconds: number;
  readonly latency?: Latency | undefined;
  /** What else the case has measured. */
  readonly figures?: Readonly<Record<string, number>> | undefined;
}
