import { Fleet } from '@parley/brokers/fleet';
import { type KafkaOptions as BrokerOptions, type KafkaBroker, startKafka } from '@parley/brokers/kafka';
import {
  type ClientProxy,
  createClient,
  createMicroservices,
  type Host,
  provideMicroservices,
  RpcException,
} from '@parley/core';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { onTestFinished } from 'vitest';
import { type KafkaOptions, kafka } from '../../src/index.ts';

export const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export const fixture = (name: string): URL => new URL(`./fixtures/${name}.ts`, import.meta.url);

/** A Kafka that the test's end closes. */
export async function kafkaOfTest(options: BrokerOptions = {}): Promise<KafkaBroker> {
  const broker = await startKafka(options);
  onTestFinished(() => broker.close());
  return broker;
}

/** Processes that the test's end kills. */
export async function fleetOfTest(): Promise<Fleet> {
  const fleet = await Fleet.muster();
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(fleet.report());
    await fleet[Symbol.asyncDispose]();
  });
  return fleet;
}

/** A host with one echo, which the test's end closes. */
export function hostOfTest(options: KafkaOptions, startTimeout?: number): Host {
  const host = createMicroservices({
    providers: [provideMicroservices([{ token: 'kafka', options: kafka({ group: 'service', ...options }) }])],
    logger: quiet,
    ...(startTimeout === undefined ? {} : { startTimeout }),
  });
  onTestFinished(() => host.close({ timeout: 2000 }));
  return host.message('echo', (data) => data);
}

/** A client that the test's end closes. */
export function clientOfTest(options: KafkaOptions): ClientProxy {
  const client = createClient(kafka(options), { logger: quiet });
  onTestFinished(() => client.close({ timeout: 2000 }));
  return client;
}

/** kafkajs's own, to look from outside. */
export async function adminOfTest({ brokers }: KafkaBroker): Promise<Admin> {
  const retry = { retries: 100, initialRetryTime: 50, maxRetryTime: 300 };
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry }).admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  return admin;
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

/** What it came to, and after how many milliseconds. */
export async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const begun = performance.now();
  const outcome = await work;
  return [outcome, performance.now() - begun];
}

/**
 * The least of several measurements, of which there are no more than it takes to come below `enough`. What others use the machine
 * for comes and goes; what the measured thing takes by itself comes each time.
 */
export async function least(enough: number, measure: () => Promise<number>): Promise<number> {
  let found = Number.POSITIVE_INFINITY;
  for (let left = 4; left > 0 && found >= enough; left -= 1) found = Math.min(found, await measure());
  return found;
}
