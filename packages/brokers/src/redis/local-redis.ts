import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { Child } from '../shared/child.ts';
import { type DataFolder, dataFolder } from '../shared/data-folder.ts';
import { freePort } from '../shared/free-port.ts';
import { until } from '../shared/until.ts';
import { type AdminOptions, killClients, withAdmin } from './admin.ts';
import { findRedis } from './find-redis.ts';
import { type Configure, newPlace, type ServerPlace } from './redis-config.ts';
import type { RedisClients } from './redis-options.ts';
import type { RedisProgram } from './redis-program.ts';
import type { RedisServer } from './redis-server.ts';

/** How often another port is tried, when somebody took the one that was free a moment ago. */
const portAttempts = 10;

export interface LocalRedisOptions {
  readonly configure: Configure;
  readonly flags?: readonly string[];
  readonly port?: number | undefined;
  readonly password?: string | undefined;
  readonly tls?: { readonly ca: string } | undefined;
}

/** A redis-server of this process. */
export class LocalRedis implements RedisServer {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly tls: { readonly ca: string } | undefined;
  readonly url: string;
  readonly #program: RedisProgram;
  readonly #flags: readonly string[];
  readonly #folder: DataFolder;
  readonly #admin: ServerPlace['admin'];
  #child: Child | undefined;
  #closed = false;

  /** Resolves when it answers. @throws Error with its log. */
  static async start(options: LocalRedisOptions): Promise<LocalRedis> {
    const program = await findRedis();
    for (let attempt = 1; ; attempt++) {
      const server = await LocalRedis.#configured(program, options.port ?? (await freePort()), options);
      try {
        await server.start();
        return server;
      } catch (error) {
        await server.close();
        const taken = server.log.includes('Address already in use');
        if (!taken || options.port !== undefined || attempt === portAttempts) throw error;
      }
    }
  }

  static async #configured(program: RedisProgram, port: number, options: LocalRedisOptions): Promise<LocalRedis> {
    const folder = await dataFolder('redis');
    const place = newPlace(port, folder.path);
    const lines = await options.configure(place);
    await writeFile(join(folder.path, 'redis.conf'), `${lines.join('\n')}\n`, { mode: 0o600 });
    return new LocalRedis(program, place, folder, options);
  }

  private constructor(program: RedisProgram, place: ServerPlace, folder: DataFolder, options: LocalRedisOptions) {
    this.#program = program;
    this.#flags = options.flags ?? [];
    this.#folder = folder;
    this.#admin = place.admin;
    this.port = place.port;
    this.tls = options.tls;
    const login = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
    this.url = `${options.tls === undefined ? 'redis' : 'rediss'}://${login}${this.host}:${place.port}`;
  }

  get pid(): number | undefined {
    return this.#child?.running === true ? this.#child.pid : undefined;
  }

  get log(): string {
    return this.#child?.log ?? '';
  }

  async start(): Promise<void> {
    if (this.#closed) throw new Error(`the Redis on port ${this.port} is closed`);
    if (this.#child?.running === true) throw new Error(`the Redis on port ${this.port} runs already`);
    const child = this.#program.launch(join(this.#folder.path, 'redis.conf'), this.#folder.path, this.#flags);
    this.#child = child;
    const answers = until(
      'an answer to PING',
      async () => !child.running || (await this.admin((redis) => redis.ping())) === 'PONG',
    );
    try {
      await answers;
    } catch (error) {
      await child.kill();
      throw new Error(this.#failure(child, 'did not answer'), { cause: error });
    }
    if (!child.running) throw new Error(this.#failure(child, await child.exited));
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  pause(): void {
    this.#running().pause();
  }

  resume(): void {
    this.#running().signal('SIGCONT');
  }

  async killClients(which: RedisClients = 'all'): Promise<number> {
    return this.admin((redis) => killClients(redis, which));
  }

  /** A connection of the tests' own user, for one piece of work. */
  admin<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const options: AdminOptions = { host: this.host, port: this.port, ...this.#admin };
    return withAdmin(this.tls === undefined ? options : { ...options, tls: this.tls }, work);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.kill();
    await this.#folder.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #running(): Child {
    if (this.#child?.running !== true) throw new Error(`the Redis on port ${this.port} does not run`);
    return this.#child;
  }

  #failure(child: Child, what: string): string {
    return `redis-server (${this.#program.origin}) on port ${this.port} ${what}:\n${child.log}`;
  }
}
