import { type RedisServer, type RedisServerOptions, startRedis } from '@parley/brokers/redis';
import { type ClientProxy, createClient, createMicroservices, type Host, provideMicroservices } from '@parley/core';
import { onTestFinished } from 'vitest';
import { type RedisOptions, redis } from '../../src/index.ts';

/** What somebody has warned of. */
export class Warnings {
  readonly lines: string[] = [];
  readonly details: unknown[] = [];
  readonly debug = () => undefined;
  readonly info = () => undefined;
  readonly error = (message: string, detail?: unknown) => this.#add(message, detail);
  readonly warn = (message: string, detail?: unknown) => this.#add(message, detail);

  having(part: string): string[] {
    return this.lines.filter((line) => line.includes(part));
  }

  #add(message: string, detail: unknown): void {
    this.lines.push(message);
    this.details.push(detail);
  }
}

/** A Redis that the test's end closes. */
export async function broker(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.close());
  return server;
}

/** A host that the test's end closes; not started yet. */
export function host(options: RedisOptions): { readonly host: Host; readonly warnings: Warnings } {
  const warnings = new Warnings();
  const made = createMicroservices({
    providers: [provideMicroservices([{ token: 'main', options: redis(options), client: false }])],
    logger: warnings,
    startTimeout: 0,
  });
  onTestFinished(() => made.close({ timeout: 0 }));
  return { host: made, warnings };
}

/** A started host that serves `echo`, and what `define` adds. */
export async function serve(options: RedisOptions, define: (host: Host) => unknown = () => undefined) {
  const made = host(options);
  made.host.message('echo', (data) => data);
  define(made.host);
  await made.host.start();
  return made;
}

/** A client that the test's end closes. */
export function client(options: RedisOptions): { readonly client: ClientProxy; readonly warnings: Warnings } {
  const warnings = new Warnings();
  const made = createClient(redis(options), { logger: warnings });
  onTestFinished(() => made.close({ timeout: 0 }));
  return { client: made, warnings };
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
