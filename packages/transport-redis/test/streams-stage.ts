import { type RedisServer, type RedisServerOptions, startRedis } from '@parley/brokers/redis';
import { type ClientProxy, createClient, createMicroservices, type Host, provideMicroservices } from '@parley/core';
import { Redis } from 'ioredis';
import { type RedisOptions, redis } from '../src/index.ts';
import { Names } from '../src/names.ts';

/** What a host or a client has warned of. */
export class Warnings {
  readonly lines: string[] = [];
  readonly debug = () => undefined;
  readonly info = () => undefined;
  readonly error = () => undefined;
  readonly warn = (message: string) => void this.lines.push(message);

  having(part: string): string[] {
    return this.lines.filter((line) => line.includes(part));
  }
}

/** A host that listens in streams mode. */
export interface Instance {
  readonly host: Host;
  readonly warnings: Warnings;
}

/** Instances and clients on a Redis, which a test can look into. */
export class StreamsStage implements AsyncDisposable {
  readonly server: RedisServer;
  /** To look, and to do what nobody should. */
  readonly redis: Redis;
  readonly names = new Names('parley:');
  readonly #place: RedisOptions;
  readonly #thefts: NodeJS.Timeout[] = [];
  readonly #up: { close(options: { timeout: number }): Promise<void> }[] = [];

  private constructor(server: RedisServer, defaults: RedisOptions) {
    this.server = server;
    this.#place = { url: server.url, ...defaults };
    this.redis = new Redis(server.url, { retryStrategy: () => 50 });
    this.redis.on('error', () => undefined);
  }

  /** @param defaults of all instances and clients. */
  static async open(options: RedisServerOptions = {}, defaults: RedisOptions = {}): Promise<StreamsStage> {
    return new StreamsStage(await startRedis(options), defaults);
  }

  /** An instance of the group `service`, unless told otherwise. */
  async instance(define: (host: Host) => unknown, options: RedisOptions = {}): Promise<Instance> {
    const warnings = new Warnings();
    const transport = redis(this.optionsOf({ group: 'service', ...options }));
    const host = createMicroservices({
      providers: [provideMicroservices([{ token: 'service', options: transport, client: false }])],
      logger: warnings,
    });
    define(host);
    this.#up.push(host);
    await host.start();
    return { host, warnings };
  }

  client(options: RedisOptions = {}): ClientProxy {
    const client = createClient(redis(this.optionsOf(options)), { logger: new Warnings() });
    this.#up.push(client);
    return client;
  }

  optionsOf(options: RedisOptions): RedisOptions {
    return { mode: 'streams', discoverInterval: 100, ...this.#place, ...options };
  }

  /** What the group has and has not acknowledged, in all. */
  async pending(stream: string, group = 'service'): Promise<number> {
    const [count] = (await this.redis.xpending(stream, group)) as [number];
    return count;
  }

  async consumers(stream: string, group = 'service'): Promise<string[]> {
    const rows = (await this.redis.xinfo('CONSUMERS', stream, group)) as string[][];
    return rows.map((row) => row[row.indexOf('name') + 1] as string);
  }

  /** Somebody takes over what anybody has of a stream, does nothing with it, and keeps it. */
  async steal(stream: string, group = 'service'): Promise<void> {
    const rows = (await this.redis.xpending(stream, group, '-', '+', 1000)) as [string][];
    const ids = rows.map(([id]) => id);
    const claim = () => this.redis.xclaim(stream, group, 'thief', 0, ...ids, 'JUSTID');
    await claim();
    this.#thefts.push(setInterval(() => void claim().catch(() => undefined), 20));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const theft of this.#thefts) clearInterval(theft);
    for (const up of this.#up.reverse()) await up.close({ timeout: 500 });
    this.redis.disconnect();
    await this.server.close();
  }
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  patience = 15_000,
): Promise<void> {
  const end = performance.now() + patience;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${patience} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A promise to be kept by the test. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
