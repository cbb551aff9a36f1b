import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientProxy, codeName, type RpcCode, RpcException } from '@parley/core';
import { GetActivity } from '../contracts.ts';

/** The error that the call must end with. */
export async function failure(call: Promise<unknown>, code: RpcCode): Promise<RpcException> {
  const expected = `${code} ${codeName(code)}`;
  const error = await call.then(
    () => assert.fail(`expected the call to fail with ${expected}, but it was answered`),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof RpcException, `expected an RpcException, got ${String(error)}`);
  assert.equal(error.code, code, `expected ${expected}, got ${show(error)}`);
  return error;
}

/** `408 Timeout: …` */
export function show({ code, codeName, message }: RpcException): string {
  return `${code} ${codeName}: ${message}`;
}

type Activity = Awaited<ReturnType<typeof activityOf>>;

/** What the users service is busy with. */
export function activityOf(users: ClientProxy) {
  return users.send(GetActivity);
}

/** Asks the users service until its activity is as expected. */
export async function activityIs(users: ClientProxy, expected: Partial<Activity>): Promise<Activity> {
  const giveUp = performance.now() + 10_000;
  for (;;) {
    const activity = await activityOf(users);
    const differs = Object.entries(expected).some(([name, value]) => activity[name as keyof Activity] !== value);
    if (!differs) return activity;
    if (performance.now() > giveUp) assert.deepEqual(activity, { ...activity, ...expected });
    await sleep(2);
  }
}
