import type { Names } from '../../names.ts';
import type { Commands } from '../redis/script.ts';
import type { ResolvedStreamsOptions } from '../streams-options.ts';

/** One instance of a group, as all that it does in Redis needs to know it. */
export interface Membership {
  readonly group: string;
  /** The instance's name: under it Redis remembers what it has. */
  readonly consumer: string;
  readonly names: Names;
  readonly options: ResolvedStreamsOptions;
  /** The largest body in bytes that it takes. */
  readonly maxBody: number;
  /** The connection for commands, as it is now. */
  readonly redis: Commands;
  readonly isCluster: boolean;
  /** What has been answered leaves before what is given to `redis` next. */
  readonly flushAnswers: () => void;
  readonly warn: (what: string, detail?: unknown) => void;
  /** Warns of what Redis itself refuses, though it is tried again and again; that a connection is lost others tell. */
  readonly refused: (what: string, error: unknown) => void;
}
