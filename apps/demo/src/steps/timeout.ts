import assert from 'node:assert/strict';
import { RpcCode, TimeoutError } from '@parley/core';
import { CountCities } from '../contracts.ts';
import { activityIs, activityOf, failure, show } from './expect.ts';
import type { Step } from './step.ts';

export const timeout: Step = {
  title: 'Timeout',
  code: 'await users.send(CountCities, { takes: 30_000 }, { timeout: 200 })',
  async run({ users, say }) {
    const { reportsCancelled } = await activityOf(users);
    const error = await failure(users.send(CountCities, { takes: 30_000 }, { timeout: 200 }), RpcCode.Timeout);
    assert(error instanceof TimeoutError);
    say(show(error));
    await activityIs(users, { reportsRunning: 0, reportsCancelled: reportsCancelled + 1 });
    say('the deadline had travelled along: the handler has stopped as well');
  },
};
