import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createClient } from '@parley/core';
import { expect, onTestFinished, test } from 'vitest';
import { tcp } from '../src/index.ts';

/** A real service process, which listens when this resolves. */
async function startService(port = 0): Promise<{ process: ChildProcess; port: number }> {
  const process = fork(new URL('./service.mjs', import.meta.url), [String(port)]);
  onTestFinished(() => void process.kill('SIGKILL'));
  const [address] = (await once(process, 'message')) as [string];
  return { process, port: Number(address.split(':').at(-1)) };
}

function clientOf(port: number) {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const client = createClient(tcp({ port, reconnect: { initial: 10, max: 50 } }), { logger });
  onTestFinished(() => client.close());
  return client;
}

/** How long it takes, in milliseconds, until everybody has heard that a service was killed. */
async function timeToHear(): Promise<number> {
  const service = await startService();
  const client = clientOf(service.port);
  const calls = Array.from({ length: 100 }, () => client.send('never', 1));
  const outcomes = Promise.allSettled(calls);
  const stream = client.stream('ticks')[Symbol.asyncIterator]();
  await stream.next();

  const killedAt = performance.now();
  service.process.kill('SIGKILL');
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 502 } });
  await expect(
    (async () => {
      while (!(await stream.next()).done);
    })(),
  ).rejects.toMatchObject({ code: 502 });
  const took = performance.now() - killedAt;
  expect(client.pending).toBe(0);
  return took;
}

test('a service that is killed ends calls and streams under way with 502 within a second', async () => {
  let least = Number.POSITIVE_INFINITY;
  // What others use the machine for comes and goes; what is ours would come each time.
  for (let left = 4; left > 0 && least >= 1000; left -= 1) least = Math.min(least, await timeToHear());
  expect(least).toBeLessThan(1000);
});

test('a service that is started again on its port serves the same client', async () => {
  const first = await startService();
  const client = clientOf(first.port);
  expect(await client.send('echo', 1)).toBe(1);
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  await expect(client.send('echo', 2)).rejects.toMatchObject({ code: expect.any(Number) });
  await startService(first.port);
  expect(await client.send('echo', 3, { retry: { attempts: 100, backoff: { initial: 10, max: 50 } } })).toBe(3);
});

test('a service that is told to stop answers what it has, and then its process ends by itself', async () => {
  const service = await startService();
  const client = clientOf(service.port);
  await client.connect();
  const echoes = Promise.all(Array.from({ length: 1000 }, (_, index) => client.send('echo', index)));
  service.process.kill('SIGTERM');
  await expect(echoes).resolves.toHaveLength(1000);
  const [code] = (await once(service.process, 'exit')) as [number | null];
  expect(code).toBe(0);
});
