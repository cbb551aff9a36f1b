import { type AdminOptions, killClients, withAdmin } from './admin.ts';
import type { RedisClients, RedisServerOptions } from './redis-options.ts';
import type { RedisServer } from './redis-server.ts';

/** The Redis that REDIS_URL names: somebody else's, used as it is. */
export class ExternalRedis implements RedisServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly tls = undefined;
  readonly pid = undefined;
  readonly log = '';

  /** Resolves when it answers. @throws Error if it does not, or is asked to be what only one of our own can be. */
  static async start(url: string, options: RedisServerOptions): Promise<ExternalRedis> {
    for (const [name, value] of Object.entries(options)) {
      if (value !== undefined && value !== false) throw notOurs(`started with \`${name}\``);
    }
    const server = new ExternalRedis(url);
    try {
      await withAdmin(server.#options(), (redis) => redis.ping());
    } catch (error) {
      throw new Error(`the Redis of REDIS_URL at ${server.host}:${server.port} does not answer`, { cause: error });
    }
    return server;
  }

  private constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.url = url;
    this.host = hostname;
    this.port = port === '' ? 6379 : Number(port);
  }

  async stop(): Promise<void> {
    throw notOurs('stopped');
  }

  async start(): Promise<void> {
    throw notOurs('started');
  }

  async restart(): Promise<void> {
    throw notOurs('restarted');
  }

  async kill(): Promise<void> {
    throw notOurs('killed');
  }

  pause(): void {
    throw notOurs('paused');
  }

  resume(): void {
    throw notOurs('resumed');
  }

  /** By name only: others may use it, too. */
  async killClients(which: RedisClients = 'all'): Promise<number> {
    if (typeof which === 'string') throw notOurs('rid of clients without a name');
    return withAdmin(this.#options(), (redis) => killClients(redis, which));
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  #options(): AdminOptions {
    const { protocol, username, password } = new URL(this.url);
    const options: AdminOptions = { host: this.host, port: this.port };
    if (username !== '') options.username = decodeURIComponent(username);
    if (password !== '') options.password = decodeURIComponent(password);
    if (protocol === 'rediss:') options.tls = {};
    return options;
  }
}

function notOurs(what: string): Error {
  return new Error(
    `the Redis of REDIS_URL cannot be ${what}: it is not ours. Unset REDIS_URL for tests that need one of their own.`,
  );
}
