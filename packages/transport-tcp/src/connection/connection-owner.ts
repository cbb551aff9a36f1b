import type { Receiver, RpcException } from '@parley/core/transport';
import type { WriterMeans } from '../frame/byte-queue.ts';
import type { StringCache } from '../frame/string-cache.ts';
import type { Connection } from './connection.ts';
import type { WatchOptions } from './watch.ts';

/** What all connections of one side share. */
export interface ConnectionSettings extends WatchOptions, WriterMeans {
  readonly name: string;
  /** Bytes. */
  readonly maxBody: number;
  /** Bytes. */
  readonly maxQueued: number;
  readonly strings: StringCache;
}

/** Who made the connection. */
export interface ConnectionOwner {
  /** Both sides have said hello. */
  opened(connection: Connection): Receiver;
  /** The other side takes nothing new on this connection. */
  leaving(connection: Connection): void;
  /** Called once, whether it was opened or not. */
  closed(connection: Connection, reason: RpcException): void;
  warn(what: string, detail?: unknown): void;
}
