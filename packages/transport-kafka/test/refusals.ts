import { inspect } from 'node:util';
import type { Host, RpcException } from '@parley/core';
import { expect } from 'vitest';
import { type KafkaOptions, kafka } from '../src/index.ts';
import type { KafkaStage } from './kafka-stage.ts';

/** What must never be seen. */
export const secret = 'hunter2-is-secret';

/** Milliseconds: a call that cannot be made says so, however busy the machine is. */
const soon = 10_000;

/**
 * Connects a client in vain, and makes a call with it.
 *
 * @returns why it could not. Both said the same, soon, with no secret in the errors nor in the log, which has it once.
 */
export async function refusalOf(stage: KafkaStage, options: Partial<KafkaOptions>): Promise<RpcException> {
  const client = stage.client(options);
  const begun = performance.now();
  const [error, again] = await failuresOf([() => client.connect(), () => client.emit('event', 1)]);
  expect(performance.now() - begun).toBeLessThan(soon);
  expect(again).toMatchObject({ code: error.code, message: expect.stringContaining(heartOf(error)) as string });
  expectNoSecret(error, again, ...stage.log);
  expect(timesLogged(stage, error)).toBe(1);
  return error;
}

/** Starts a service in vain. @param code what is expected: what may heal (503) is tried again for some time. */
export async function serviceRefusalOf(
  stage: KafkaStage,
  options: Partial<KafkaOptions>,
  code = 400,
): Promise<RpcException> {
  const startTimeout = code === 503 ? 2000 : 20_000;
  const transport = kafka(stage.options({ group: 'service', ...options }));
  const define = (host: Host) => host.message('echo', (data) => data).event('event', () => undefined);
  const [error] = await failuresOf([() => stage.host(transport, define, startTimeout)]);
  expectNoSecret(error, ...stage.log);
  return error;
}

export function expectNoSecret(...shown: readonly unknown[]): void {
  for (const one of shown) expect(inspect(one, { depth: 9, showHidden: true })).not.toContain(secret);
}

/** How often the log says why. */
export function timesLogged(stage: KafkaStage, error: RpcException): number {
  return stage.log.filter(({ message }) => message.includes(heartOf(error))).length;
}

/** Without who says it. */
function heartOf({ message }: RpcException): string {
  return message.slice(message.indexOf(': ') + 2);
}

async function failuresOf(calls: readonly (() => Promise<unknown>)[]): Promise<[RpcException, RpcException]> {
  const failures: RpcException[] = [];
  for (const call of calls) {
    failures.push(
      await call().then(
        () => {
          throw new Error('it was not refused');
        },
        (reason: unknown) => reason as RpcException,
      ),
    );
  }
  return failures as [RpcException, RpcException];
}
