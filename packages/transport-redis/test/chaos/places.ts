import { Fleet, type Worker } from '@parley/brokers/fleet';
import { type RedisServer, type RedisServerOptions, startRedis } from '@parley/brokers/redis';
import { type ClientProxy, createClient, RpcException } from '@parley/core';
import { onTestFinished } from 'vitest';
import { type RedisOptions, redis } from '../../src/index.ts';
import type { RedisDuty } from './fixtures/redis-duty.ts';

export type Mode = 'pubsub' | 'streams';

/** A Redis that the test's end closes. */
export async function redisOfTest(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.close());
  return server;
}

export const fixture = (name: string): URL => new URL(`./fixtures/${name}.ts`, import.meta.url);

/** Processes that the test's end kills. */
export async function fleetOfTest(): Promise<Fleet> {
  const fleet = await Fleet.muster();
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(fleet.report());
    await fleet[Symbol.asyncDispose]();
  });
  return fleet;
}

/** An instance of the service, which is one group. Resolves when it listens. */
export function startService(
  fleet: Fleet,
  name: string,
  mode: Mode,
  url: string,
  more: RedisOptions = {},
): Promise<Worker> {
  const options = mode === 'streams' ? { mode, url, group: 'service', ...more } : { mode, url, ...more };
  return fleet.start<RedisDuty>(fixture('service'), { name, options });
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
