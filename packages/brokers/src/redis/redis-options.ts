/** What a Redis for tests is started with. By default: no password, no TLS, nothing kept. */
export interface RedisServerOptions {
  /** Keeps data over stop, kill and restart, every write synced (`appendfsync always`). Default: false, data is gone. */
  readonly appendonly?: boolean | undefined;
  /** Of the default user. `url` has it. */
  readonly password?: string | undefined;
  /** Further users, name and ACL rules: `{ alice: 'on >secret ~parley:* &parley:* +@all' }`; `default` may be one. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** Only TLS on the port, with a certificate for 127.0.0.1 and localhost by an authority of its own. */
  readonly tls?: boolean | undefined;
  /** Default: one that is free. It stays the same over restarts. */
  readonly port?: number | undefined;
  /** More lines for redis.conf: `{ maxmemory: '8mb' }`. */
  readonly config?: Readonly<Record<string, string>> | undefined;
}

/** Whose connections are cut: a kind by `CLIENT LIST`, or those with that name (`connectionName` of ioredis). */
export type RedisClients = 'all' | 'normal' | 'pubsub' | { readonly name: string };
