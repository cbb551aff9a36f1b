import type { RedisClients } from './redis-options.ts';

/** A Redis of one's own, which can be broken. */
export interface RedisServer extends AsyncDisposable {
  /** `redis://` or `rediss://`, with the password of the default user. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The authority to trust, PEM; goes into ioredis as `tls`. `undefined` without TLS. */
  readonly tls: { readonly ca: string } | undefined;
  /** `undefined` while it does not run. */
  readonly pid: number | undefined;
  /** The last of its output. */
  readonly log: string;
  /** SIGTERM: connections are closed. Gone when it resolves; also when it did not run, or was paused. */
  stop(): Promise<void>;
  /** SIGKILL. Gone when it resolves. */
  kill(): Promise<void>;
  /** Again, on the same port and data. Resolves when it answers. @throws Error while it runs, or after `close`. */
  start(): Promise<void>;
  /** `stop` and `start`. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay and nothing is answered. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** CLIENT KILL. Default: all. @returns how many connections were cut. */
  killClients(which?: RedisClients): Promise<number>;
  /** Ends it for good and removes its data. */
  close(): Promise<void>;
}
