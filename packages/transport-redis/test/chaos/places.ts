import { type RedisServer, type RedisServerOptions, startRedis } from '@parley/brokers/redis';
import { type ClientProxy, createClient, RpcException } from '@parley/core';
import { onTestFinished } from 'vitest';
import { type RedisOptions, redis } from '../../src/index.ts';

export type Mode = 'pubsub' | 'streams';

/** A Redis that the test's end closes. */
export async function redisOfTest(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.close());
  return server;
}

/** What an instance of the service in these tests is given. */
export function serverOptions(mode: Mode, url: string, more: RedisOptions = {}): RedisOptions {
  return mode === 'streams' ? { mode, url, group: 'service', ...more } : { mode, url, ...more };
}

/** A client that the test's end closes. */
export function clientOfTest(mode: Mode, url: string, more: RedisOptions = {}): ClientProxy {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const client = createClient(redis({ mode, url, ...more }), { logger });
  onTestFinished(() => client.close({ timeout: 1000 }));
  return client;
}

/** What a call ended with: what it was answered, or the code it was refused with. */
export async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RpcException) return error.code;
    throw error;
  }
}
